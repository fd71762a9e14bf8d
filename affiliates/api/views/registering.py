"""Becoming an affiliate: by oneself, or taken in by staff or by the program's own systems."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affiliates.api.serializers import AffiliateOutput, RegisterInput
from affiliates.errors import NotOpenToAffiliates
from affiliates.models import Affiliate
from affiliates.operations import register_affiliate
from affiliates.queries import people
from identity.doors import InProgram, idempotent
from identity.models import User
from identity.proofs import read_address
from identity.queries.settings import setting
from wallets.api.views.door import read

MANAGE = "affiliate.manage"


class RegisterAffiliateView(InProgram, APIView):
    """Make somebody an affiliate of the program."""

    # Whoever signs in may ask for themselves; who asks for somebody else is asked for the permission below.
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="affiliates_register", request=RegisterInput, responses={201: AffiliateOutput})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Register oneself, as the program lets people; or somebody else, which takes `affiliate.manage`."""
        asked = read(RegisterInput, request)
        is_self = asked.pop("is_self")
        oneself = request.user if isinstance(request.user, User) and is_self is not False else None
        if oneself is None and not self.caller.may(MANAGE, self.program):
            raise PermissionDenied
        if is_self and oneself is None:
            raise ValidationError({"is_self": ["A key is nobody who could become an affiliate."]})

        words = self._words(asked)
        taken_in = self._oneself(oneself, asked, words) if oneself else self._somebody(asked, words)
        shown = Affiliate.objects.select_related("party", "parent", "tier").get(pk=taken_in.pk)
        return Response(AffiliateOutput(shown).data, status=201)

    def _oneself(self, user: User, asked: dict[str, Any], words: dict[str, Any]) -> Affiliate:
        for name in ("tier", "external_reference"):
            if asked[name]:
                raise ValidationError({name: ["Who registers themselves does not say this."]})
        if not setting("affiliates.open_to_affiliates", self.program):
            raise NotOpenToAffiliates(program=self.program.name)
        if words["wallet_address"]:
            people.require_proven(words["wallet_address"], user=user)
        return register_affiliate(
            **words, user=user, name=asked["name"] or str(user), at=timezone.now(),
            is_active=setting("affiliates.active_at_once", self.program),
        )  # fmt: skip

    def _somebody(self, asked: dict[str, Any], words: dict[str, Any]) -> Affiliate:
        if not asked["name"].strip():
            raise ValidationError({"name": ["Who is it?"]})
        return register_affiliate(
            **words, name=asked["name"], tier_id=asked["tier"], external_reference=asked["external_reference"],
            is_active=True, at=timezone.now(),
        )  # fmt: skip

    def _words(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "program": self.program, "code": asked["code"], "parent_id": self._parent(asked["parent_code"]),
            "wallet_address": read_address(asked["wallet_address"]) if asked["wallet_address"] else None,
        }  # fmt: skip

    def _parent(self, code: str) -> UUID | None:
        return people.affiliate_by_code(code, program_id=self.program.pk).pk if code else None
