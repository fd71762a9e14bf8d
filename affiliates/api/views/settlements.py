"""/api/v2/enterprise/settlements: what was paid and proven, taken back, and won back."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates import operations
from affiliates.api.filters import SettlementFilter
from affiliates.api.serializers import ReversedOutput, ReverseInput, SettlementOutput, SettlementWithReversalsOutput
from affiliates.api.views.door import AffiliatesDoor
from affiliates.errors import ReversalTooLarge, SettlementNotProven
from affiliates.models import Reversal, Settlement
from affiliates.queries import sales
from identity.doors import idempotent
from ledger.money import exactly
from wallets.api.views.door import read, told

READ, REVERSE = "settlement.read", "settlement.reverse"


class SettlementViewSet(AffiliatesDoor, mixins.ListModelMixin, viewsets.GenericViewSet[Settlement]):
    """The program's settlements."""

    permission_to_read: ClassVar = READ
    permissions: ClassVar = {"list": READ, "retrieve": READ, "reverse": REVERSE, "win_back": REVERSE}
    queryset = Settlement.objects.all()
    serializer_class = SettlementOutput
    filterset_class = SettlementFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at",)

    def rows(self) -> Any:
        return Settlement.objects.select_related("member", "asset")

    @extend_schema(responses=SettlementWithReversalsOutput)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show a settlement, with what was taken back of it."""
        return Response(SettlementWithReversalsOutput(self.get_object()).data)

    @extend_schema(request=ReverseInput, responses={201: ReversedOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def reverse(self, request: Request, pk: UUID) -> Response:
        """Take some of it back, or all that is left, and claw back its part of what was earned from it."""
        return self._correct(operations.reverse_settlement, "reverse")

    @extend_schema(request=ReverseInput, responses={201: ReversedOutput})
    @action(detail=True, methods=["post"], url_path="win-back")
    @idempotent()
    def win_back(self, request: Request, pk: UUID) -> Response:
        """Let some of what was taken back count again, or all of it, with what was earned from it."""
        return self._correct(operations.win_settlement_back, "win-back")

    def _correct(self, correct: Any, verb: str) -> Response:
        found, asked, now = self.get_object(), read(ReverseInput, self.request), timezone.now()
        key = self.house_key(verb)
        if asked["amount"] is None:
            asked["amount"] = _all_of_it(found, verb, key)
        reversal = correct(found.pk, program_id=found.program_id, key=key, at=now, **asked)
        shown = Reversal.objects.select_related("settlement__member", "settlement__asset").get(pk=reversal.pk)
        return told(ReversedOutput(shown).data, is_new=reversal.at == now)


def _all_of_it(found: Settlement, verb: str, key: str) -> Decimal:
    """Return what is left to be taken or won back; of a key that was used, what was done under it."""
    settlement = sales.locked_settlement(found.pk, program_id=found.program_id)
    known = Reversal.objects.filter(program=found.program_id, key=key).first()
    if known is not None:
        return abs(known.amount)
    if not settlement.is_recognised:
        raise SettlementNotProven(state=settlement.get_state_display().lower())
    with exactly():
        taken = settlement.reversed_amount
        left = settlement.amount - taken if verb == "reverse" else taken
    if not left:
        raise ReversalTooLarge(asked="Anything of it in", asset=settlement.asset.code, left="0")
    return left
