"""/api/v2/users: registering members, and what is known of a wallet address."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.api.serializers import RegisterMemberInput, StatusOutput
from affiliates.api.views.door import IntentsDoor
from affiliates.models import Member
from affiliates.queries import people
from affiliates.queries.keys import REGISTER, registration_key
from identity.doors import note_missed
from identity.models import User
from identity.proofs import read_address
from ledger.api.serializers import IntentOutput
from ledger.api.views.intents import WAIT
from ledger.models import Intent
from wallets.api.views.door import read

READ, JOIN = "member.read", "member.register"


class MemberViewSet(IntentsDoor, viewsets.GenericViewSet[Member]):
    """The program's members, known by their wallet addresses."""

    owner: ClassVar = "user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {"register": JOIN, "status": READ}
    queryset = Member.objects.all()
    serializer_class = StatusOutput
    pagination_class = None

    @extend_schema(
        operation_id="users_register", request=RegisterMemberInput, responses={202: IntentOutput}, parameters=[WAIT]
    )
    def register(self, request: Request) -> Response:
        """Have an address registered: one's own once it is proven, or one that a key or staff vouch for."""
        asked = read(RegisterMemberInput, request)
        address = read_address(asked["wallet_address"])
        vouches = self.caller.may(JOIN, self.program)
        if not vouches:
            people.require_proven(address, user=request.user if isinstance(request.user, User) else None)
        clicked_at = asked["clicked_at"]
        payload = {
            "wallet_address": address, "user": None if vouches else str(self.caller.person_id),
            "name": asked["name"] if vouches else "", "code": asked["code"],
            "clicked_at": clicked_at.isoformat() if clicked_at else None, "proven": vouches,
        }  # fmt: skip
        return self.accepted(REGISTER, key=registration_key(self.program.pk, address), payload=payload)

    @extend_schema(operation_id="users_status", responses=StatusOutput)
    def status(self, request: Request, wallet: str) -> Response:
        """Show what is known of a wallet address: the member, or how far its registration has come."""
        address = read_address(wallet)
        member = self.in_reach(Member.objects.select_related("affiliate"), READ).filter(wallet_address=address).first()
        intent = None if member else self._intent(address)
        if member is None and intent is None:
            note_missed(request, Member, address, field="wallet_address")
            raise Http404
        return Response(StatusOutput({"member": member, "intent": intent}).data)

    def _intent(self, address: str) -> Intent | None:
        key = registration_key(self.program.pk, address)
        asked: QuerySet[Intent] = Intent.objects.with_key(key).filter(program_id=self.program.pk, kind=REGISTER)
        if not self.is_of_all:
            asked = asked.filter(payload__user=str(self.caller.person_id))
        return asked.order_by("-id").first()
