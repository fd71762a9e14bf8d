"""The four-eyes queue: what waits for a second person, and the ballot."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from audit.admin import LABELS, RecordedAdmin, as_json, column, instant, whole_id
from audit.errors import DomainError
from identity.admin.shown import person_of
from identity.doors import refusals_noted, require_second_factor
from identity.doors.refusals import VOTE_REFUSED
from identity.errors import SecondFactorRequired
from identity.kinds import label_of
from identity.models import Proposal, User
from identity.operations import recall_proposal, vote
from identity.queries import may_vote, proposed_lines
from identity.states import PROPOSAL_TRANSITIONS, Decision, ProposalState

PROPOSAL_LABELS = {state: LABELS[colour] for state, colour in PROPOSAL_TRANSITIONS.colours.items()}


@admin.register(Proposal)
class ProposalAdmin(RecordedAdmin):
    """What waits for a second person: who made it, how long it waits, what it says, and the ballot."""

    permission_to_view = "proposal.read"
    change_form_template = "admin/identity/proposal/change_form.html"

    list_display = (
        column("what", "What", lambda proposal: label_of(proposal.kind)),
        "program",
        "shown_state",
        column("makers", "Made by", lambda proposal: ", ".join(str(maker.user) for maker in proposal.makers.all())),
        instant("proposed_at", "Since"),
        column("votes", "Votes", lambda proposal: _tally(proposal)),
        instant("expires_at", "Expires"),
    )
    list_filter = ("state", "kind")
    list_select_related = ("program",)
    search_fields = ("digest__exact", "subject_id__exact", "makers__user__email")
    search_help_text = "A maker's address, a digest, a subject's id or a whole id"
    linked_lookups = ("state__exact",)
    fields = (
        column("what", "What", lambda proposal: label_of(proposal.kind)),
        "program",
        "reason",
        column("state", "State", lambda proposal: proposal.get_state_display()),
        column("makers", "Made by", lambda proposal: ", ".join(str(maker.user) for maker in proposal.makers.all())),
        "revision",
        whole_id("digest", "Digest (SHA-256)"),
        column("votes", "Votes", lambda proposal: _tally(proposal)),
        instant("proposed_at", "Proposed"),
        instant("expires_at", "Expires"),
        instant("decided_at", "Decided"),
        as_json("result", "Result"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=PROPOSAL_LABELS, ordering="state")
    def shown_state(self, proposal: Proposal) -> tuple[str, str]:
        return proposal.state, ProposalState(proposal.state).label

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        return super().get_queryset(request).prefetch_related("makers__user", "votes__by")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<uuid:pk>/vote/", self.admin_site.admin_view(self.vote_view), name="identity_proposal_vote"),
            path("<uuid:pk>/recall/", self.admin_site.admin_view(self.recall_view), name="identity_proposal_recall"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        proposal = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = dict(extra_context or {})
        if proposal is not None:
            person = person_of(request)
            is_maker = proposal.makers.filter(user=person).exists()
            told |= {
                "lines": proposed_lines(proposal),
                "votes": [vote for vote in proposal.votes.all() if vote.revision == proposal.revision],
                "may_vote": may_vote(proposal, user=person, at=timezone.now()),
                "is_maker": is_maker,
                "is_concerned": proposal.person_concerned == person.pk,
                "may_recall": is_maker and proposal.state in (ProposalState.PROPOSED, ProposalState.APPROVED),
                "waits": proposal.state == ProposalState.PROPOSED,
            }
        return super().change_view(request, object_id, form_url, told)

    def vote_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Cast a vote on what the page showed."""
        form = BallotForm(request.POST)
        if request.method == "POST" and form.is_valid():
            ballot, now = form.cleaned_data, timezone.now()

            def cast(proposal: Proposal, person: User) -> None:
                with refusals_noted(request, VOTE_REFUSED, subject=proposal):
                    require_second_factor(request, at=now)
                    vote(pk, **ballot, by=person, at=now)

            try:
                self._do(request, pk, cast, "Voted.")
            except SecondFactorRequired as refusal:
                return self._ask_for_second_factor(request, pk, refusal)
        return redirect("admin:identity_proposal_change", pk)

    def _ask_for_second_factor(self, request: HttpRequest, pk: UUID, refusal: DomainError) -> HttpResponse:
        """Lead to where a second factor is shown, or set up, and from there back to the ballot."""
        here = reverse("admin:identity_proposal_change", args=[pk])
        if Authenticator.objects.filter(user=person_of(request)).exists():
            self.message_user(request, "Show your second factor, and then vote.", messages.WARNING)
            return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': here})}")
        self.message_user(request, f"{refusal} Set one up on your security page.", messages.ERROR)
        return redirect(here)

    def recall_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take back what one has proposed."""
        form = ReasonForm(request.POST)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            self._do(
                request,
                pk,
                lambda _, person: recall_proposal(pk, reason=reason, by=person, at=timezone.now()),
                "Taken back.",
            )
        return redirect("admin:identity_proposal_change", pk)

    def _do(self, request: HttpRequest, pk: UUID, act: Callable[[Proposal, User], object], done: str) -> None:
        proposal = self.get_object(request, str(pk))
        if proposal is None:
            raise Http404
        try:
            act(proposal, person_of(request))
        except SecondFactorRequired:
            raise
        except DomainError as refusal:
            self.message_user(request, f"{refusal} Nothing was changed.", messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)


class BallotForm(forms.Form):
    """A vote, and the words it is on."""

    revision = forms.IntegerField(min_value=1, max_value=2_147_483_647)
    digest = forms.RegexField(r"^[0-9a-f]{64}$")
    decision = forms.TypedChoiceField(choices=Decision.choices, coerce=Decision)
    comment = forms.CharField(max_length=500, required=False)


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(max_length=500)


def _tally(proposal: Proposal) -> str:
    cast = [vote for vote in proposal.votes.all() if vote.revision == proposal.revision]
    return f"{sum(vote.decision == Decision.APPROVE for vote in cast)} of {proposal.votes_needed}"
