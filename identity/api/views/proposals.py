"""Proposals: what waits for a second person, and voting on it."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from identity.api.filters import ProposalFilter
from identity.api.serializers import ProposalInput, ProposalOutput, RecallInput, VoteInput
from identity.doors import Door, idempotent, note_missed, refusals_noted, require_second_factor
from identity.doors.refusals import VOTE_REFUSED
from identity.kinds import kind_named
from identity.models import Membership, Program, Proposal, User
from identity.operations import propose, recall_proposal, vote
from identity.states import Decision


class ProposalViewSet(Door, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Proposal]):
    """What waits for a second person, and what became of it. Only people vote: no key stands for one."""

    queryset = Proposal.objects.all()
    serializer_class = ProposalOutput
    filterset_class = ProposalFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("proposed_at", "expires_at")
    # Reading is what opens these doors; whether somebody may propose or vote follows from the kind and the policy.
    permissions: ClassVar = {
        "list": "proposal.read",
        "retrieve": "proposal.read",
        "create": "proposal.read",
        "vote": "proposal.read",
        "recall": "proposal.read",
    }

    def get_queryset(self) -> QuerySet[Proposal]:
        if getattr(self, "swagger_fake_view", False):
            return Proposal.objects.none()
        readable = Proposal.objects.filter(program__in=self.caller.programs("proposal.read"))
        return readable.select_related("program").prefetch_related("makers", "votes")

    @extend_schema(request=ProposalInput, responses={201: ProposalOutput})
    @idempotent(has_secret=True)
    def create(self, request: Request) -> Response:
        """Propose something."""
        person = self._person()
        wanted = self._read(ProposalInput)
        kind = kind_named(wanted["kind"])
        program = Program.objects.for_user(person).filter(slug=wanted["program"]).first()
        if program is None:
            note_missed(request, Program, wanted["program"], field="slug")
            raise Http404
        if program.pk not in Membership.objects.programs_where(person, kind.permission_to_propose):
            raise PermissionDenied

        proposal = propose(
            kind.name,
            program=program,
            payload=wanted["payload"],
            reason=wanted["reason"],
            by=person,
            at=timezone.now(),
        )
        return self._answer(proposal.pk, status=201)

    @extend_schema(request=VoteInput, responses={200: ProposalOutput})
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: UUID) -> Response:
        """Vote on exactly what was read: another revision or digest than the one that stands is refused."""
        proposal = self.get_object()
        now = timezone.now()
        with refusals_noted(request, VOTE_REFUSED, subject=proposal):
            person = self._person()
            said = self._read(VoteInput)
            require_second_factor(request, at=now)
            vote(
                proposal.pk,
                revision=said["revision"],
                digest=said["digest"],
                decision=Decision(said["decision"]),
                comment=said["comment"],
                by=person,
                at=now,
            )
        return self._answer(proposal.pk)

    @extend_schema(request=RecallInput, responses={200: ProposalOutput})
    @action(detail=True, methods=["post"])
    def recall(self, request: Request, pk: UUID) -> Response:
        """Take a proposal of one's own back."""
        proposal = self.get_object()
        person = self._person()
        said = self._read(RecallInput)

        recall_proposal(proposal.pk, reason=said["reason"], by=person, at=timezone.now())
        return self._answer(proposal.pk)

    def _person(self) -> User:
        if not isinstance(self.request.user, User):
            raise PermissionDenied
        return self.request.user

    def _read(self, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        read = form(data=self.request.data)
        read.is_valid(raise_exception=True)
        valid: dict[str, Any] = read.validated_data
        return valid

    def _answer(self, proposal_id: UUID, *, status: int = 200) -> Response:
        return Response(ProposalOutput(self.get_queryset().get(pk=proposal_id)).data, status=status)
