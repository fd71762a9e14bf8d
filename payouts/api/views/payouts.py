"""/api/v2/payouts: what was paid, to whom, and what can be done where it was not; and stopping everything."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.serializers import ProposalOutput
from identity.doors import InProgram, idempotent
from identity.models import Proposal
from payouts import operations
from payouts.api.filters import PayoutFilter
from payouts.api.serializers import BrakeOutput, ExplainInput, PayoutOutput, ResolveInput, StopOutput
from payouts.api.views.door import PayoutsDoor, person
from payouts.errors import NotUnknown
from payouts.models import Attempt, Brake, Payout
from payouts.proposable.outcomes import propose_outcome
from payouts.proposable.restarts import propose_restart
from payouts.states import AttemptState
from wallets.api.views.door import read

READ, MANAGE = "payout.read", "payout.manage"


class PayoutViewSet(PayoutsDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Payout]):
    """The program's payouts, or those to the caller."""

    owner: ClassVar = "affiliate__user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {
        "list": READ,
        "retrieve": READ,
        "retry": MANAGE,
        "release": MANAGE,
        "exclude": MANAGE,
        "free": MANAGE,
        "resolve": "payout.resolve",
    }
    queryset = Payout.objects.all()
    serializer_class = PayoutOutput
    filterset_class = PayoutFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at",)

    def rows(self) -> Any:
        return Payout.objects.select_related("asset", "batch", "rail_account").prefetch_related("attempts__part")

    @extend_schema(request=ExplainInput, responses=PayoutOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def retry(self, request: Request, pk: UUID) -> Response:
        """Have one that failed sent again, as long as its approval is good."""
        return self._do(operations.retry_payout)

    @extend_schema(request=ExplainInput, responses=PayoutOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def release(self, request: Request, pk: UUID) -> Response:
        """Give one up that failed: what it was for is due again."""
        return self._do(operations.release_payout)

    @extend_schema(request=ExplainInput, responses=PayoutOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def exclude(self, request: Request, pk: UUID) -> Response:
        """Leave one out of which nothing was sent."""
        return self._do(operations.exclude_payout, by=person(request))

    @extend_schema(request=ExplainInput, responses=PayoutOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def free(self, request: Request, pk: UUID) -> Response:
        """Let one go on that was held, once its payee is who they were again."""
        return self._do(operations.free_payout)

    @extend_schema(request=ResolveInput, responses={201: ProposalOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def resolve(self, request: Request, pk: UUID) -> Response:
        """Say what came of one of which nobody knows. It is proposed: a second person has to agree."""
        payout, asked, by = self.get_object(), read(ResolveInput, request), person(request)
        unknown = Attempt.objects.filter(payout=payout, state=AttemptState.UNKNOWN).order_by("part_id")
        attempt = unknown.filter(pk=asked["attempt"]).first() if asked["attempt"] else unknown.first()
        if attempt is None:
            raise NotUnknown(reference=str(payout.pk), state=payout.get_state_display().lower())
        proposal = propose_outcome(
            attempt.pk, program=self.program, outcome=asked["outcome"], receipt=asked["receipt"],
            evidence=asked["reason"], by=by, at=timezone.now(),
        )  # fmt: skip
        return _proposed(proposal)

    def _do(self, operation: Any, **more: Any) -> Response:
        payout, asked = self.get_object(), read(ExplainInput, self.request)
        person(self.request)
        operation(payout.pk, program_id=payout.program_id, reason=asked["reason"], at=timezone.now(), **more)
        return Response(PayoutOutput(self.rows().get(pk=payout.pk)).data)


class BrakeView(InProgram, viewsets.ViewSet):
    """Whether anything is sent: one person stops it, two start it again."""

    permissions: ClassVar = {"show": READ, "stop": "payout.stop", "restart": "payout.restart"}

    @extend_schema(operation_id="payouts_stopped", responses=BrakeOutput)
    def show(self, request: Request) -> Response:
        """Show whether everything is stopped, and why."""
        brake = Brake.objects.filter(program=self.program).first()
        return Response(BrakeOutput(brake or Brake(program=self.program, changed_at=self.program.created_at)).data)

    @extend_schema(operation_id="payouts_stop", request=ExplainInput, responses=StopOutput)
    @idempotent()
    def stop(self, request: Request) -> Response:
        """Stop everything that is sent. What a rail was told before is on its way."""
        asked = read(ExplainInput, request)
        person(request)
        calls = operations.pull_brake(self.program, reason=asked["reason"], at=timezone.now())
        return Response(StopOutput({"is_on": True, "in_the_air": calls}).data)

    @extend_schema(operation_id="payouts_restart", request=ExplainInput, responses={201: ProposalOutput})
    @idempotent()
    def restart(self, request: Request) -> Response:
        """Ask a second person to agree that payouts go on."""
        asked, by = read(ExplainInput, request), person(request)
        return _proposed(propose_restart(self.program, reason=asked["reason"], by=by, at=timezone.now()))


def _proposed(proposal: Proposal) -> Response:
    shown = Proposal.objects.select_related("program").prefetch_related("makers", "votes").get(pk=proposal.pk)
    return Response(ProposalOutput(shown).data, status=201)
