"""/api/v2/claims: what members say that they have paid; and charges that they are going to pay."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affiliates import operations
from affiliates.api.filters import ClaimFilter
from affiliates.api.serializers import ChargeInput, ClaimedOutput, ClaimInput, ClaimOutput, WhyInput
from affiliates.api.views.door import IntentsDoor
from affiliates.errors import UnknownMember
from affiliates.models import Claim
from affiliates.queries.keys import CLAIM, COMMERCE, charge_key, claim_id, claim_key
from identity.doors import idempotent
from identity.proofs import checksummed, read_address
from ledger.api.serializers import IntentOutput
from ledger.api.views.intents import WAIT, seconds_to_wait, with_outcome
from ledger.models import Intent
from ledger.money import plain
from ledger.states import IntentState
from wallets.api.views.door import read

READ, MAKE, DECIDE = "claim.read", "claim.make", "claim.decide"


class ClaimViewSet(IntentsDoor, mixins.ListModelMixin, viewsets.GenericViewSet[Claim]):
    """The program's claims, or those of the member that the caller is."""

    owner: ClassVar = "member__user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {"list": READ, "retrieve": READ, "create": MAKE, "approve": DECIDE, "reject": DECIDE}
    queryset = Claim.objects.all()
    serializer_class = ClaimOutput
    filterset_class = ClaimFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-requested_at", "-id")
    ordering_fields: ClassVar = ("requested_at",)

    def rows(self) -> Any:
        return Claim.objects.select_related("member", "asset")

    @extend_schema(request=ClaimInput, responses={202: ClaimedOutput}, parameters=[WAIT])
    def create(self, request: Request) -> Response:
        """Claim that something was paid. The answer says under which id the claim will be found."""
        asked = read(ClaimInput, request)
        address, program_id = self._address(asked["wallet_address"]), self.program.pk
        pk = claim_id(program_id, address, asked["reference"])
        payload = {**asked, "claim": str(pk), "wallet_address": address, "amount": plain(asked["amount"])}
        key = claim_key(program_id, address, asked["reference"])
        intent, headers = self.asked_for(CLAIM, key=key, payload=payload)
        return Response(ClaimedOutput({"id": pk, "intent": intent}).data, status=202, headers=headers)

    @extend_schema(responses=ClaimOutput, parameters=[WAIT])
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show a claim; before a worker has written it down, how far its intent has come."""
        wait = seconds_to_wait(request)
        claim = self.get_queryset().filter(pk=pk).first()
        if claim is None and (intent := self._intent(pk)) is not None:
            intent = with_outcome(intent, wait=wait)
            claim = self.get_queryset().filter(pk=pk).first()
            if claim is None:
                return Response(_as_asked(pk, intent))
        if claim is None:
            claim = self.get_object()  # which says that it is not there, and notes who asked
        return Response(ClaimOutput(claim).data)

    @extend_schema(request=WhyInput, responses=ClaimOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def approve(self, request: Request, pk: UUID) -> Response:
        """Have its receipt looked for: what is proven settles the claim."""
        return self._decide(operations.approve_claim)

    @extend_schema(request=WhyInput, responses=ClaimOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def reject(self, request: Request, pk: UUID) -> Response:
        """Turn it down; proof that comes late settles it all the same."""
        return self._decide(operations.reject_claim)

    def _decide(self, decide: Any) -> Response:
        claim = self.get_object()
        decide(claim.pk, program_id=claim.program_id, at=timezone.now(), **read(WhyInput, self.request))
        return Response(ClaimOutput(self.rows().get(pk=claim.pk)).data)

    def _address(self, said: str) -> str:
        """Return whose claim it is: a key says so, and people claim for themselves."""
        address = read_address(said) if said else None
        if self.caller.may(MAKE, self.program):
            if address is None:
                raise ValidationError({"wallet_address": ["Whose claim is it?"]})
            return address
        member = self.own_member()
        if member is None or address not in (None, member.wallet_address):
            raise UnknownMember(member=checksummed(address) if address else "that you are")
        return member.wallet_address

    def _intent(self, pk: UUID) -> Intent | None:
        """Return what is to become of it, while there is no claim: of these there are few, and an index of them."""
        asked = list(Intent.objects.filter(kind=CLAIM, payload__claim=str(pk)).exclude(state=IntentState.COMPLETED))
        readable = set(self.caller.programs(READ))
        actor = self.caller.actor
        found = [
            one
            for one in asked
            if one.program_id in readable or (one.actor_type, one.actor_id) == (actor.type, actor.id)
        ]
        return max(found, key=lambda one: one.pk, default=None)


def _as_asked(pk: UUID, intent: Intent) -> dict[str, Any]:
    asked = intent.payload
    return {
        "id": str(pk), "member_id": None, "wallet_address": checksummed(asked["wallet_address"]),
        **{name: asked[name] for name in ("reference", "asset", "amount", "chain_id", "tx_hash", "note")},
        "state": None, "reason": "", "settlement_id": None, "requested_at": None, "decided_at": None,
        "intent": IntentOutput(intent).data,
    }  # fmt: skip


class ChargeView(IntentsDoor, APIView):
    """Charges that members are going to pay at a provider."""

    permissions: ClassVar = {"post": "charge.expect"}

    @extend_schema(
        operation_id="commerce_charges", request=ChargeInput, responses={202: IntentOutput}, parameters=[WAIT]
    )
    def post(self, request: Request) -> Response:
        """Expect a charge: what the provider says of it then settles it."""
        asked = read(ChargeInput, request)
        payload = {
            **asked, "wallet_address": read_address(asked["wallet_address"]), "amount": plain(asked["amount"]),
        }  # fmt: skip
        return self.accepted(COMMERCE, key=charge_key(self.program.pk, asked["charge"]), payload=payload)
