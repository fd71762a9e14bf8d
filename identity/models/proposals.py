"""What needs a second person: what is proposed, by whom, and who voted on exactly which wording of it.

The rules that must hold whoever writes the rows are triggers (migrations/*_four_eyes.py and later): neither a maker nor
whom it is about has a vote, a vote names the current revision and digest, nobody votes twice, nothing is approved
without its votes, and nothing that was decided is changed.
"""

from typing import ClassVar, Final
from uuid import UUID

from django.db import models
from uuid_utils.compat import uuid7

from identity.models.people import Membership, User
from identity.states import Decision, ProposalState

# The subject's type of what is about a person; the triggers know it too.
PERSON: Final = "identity.user"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Proposals."""

    def for_user(self, user: User) -> "ProposalQuerySet":
        """Those of the programs in which ``user`` may read proposals."""
        return self.filter(program__in=Membership.objects.programs_where(user, "proposal.read"))

    def locked(self) -> "ProposalQuerySet":
        """Take the proposal's lock: votes, revisions and execution happen one after the other."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def open(self) -> "ProposalQuerySet":
        """Those that wait for votes."""
        return self.filter(state=ProposalState.PROPOSED)


class Proposal(models.Model):
    """Something that one person wants and others must agree to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=100, blank=True)
    subject_id = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500)
    payload = models.JSONField()
    # What stood there before the last change, so that a voter sees what is different.
    previous_payload = models.JSONField(null=True)
    # A secret that is proposed, encrypted; the payload holds its digest, so what was voted on is what is carried out.
    sealed = models.TextField(blank=True, default="")
    # Decides which band of the policy applies; the payload says what the amount is of.
    amount = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    asset_code = models.CharField(max_length=20, blank=True)
    revision = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.PROPOSED)
    # The policy as it was when this revision was submitted; a later policy does not make it easier.
    votes_needed = models.PositiveSmallIntegerField()
    voter_roles = models.JSONField()
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)

    objects: ClassVar = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="identity_proposal_state_is_known", condition=models.Q(state__in=ProposalState.values)
            ),
            models.CheckConstraint(
                name="identity_proposal_needs_a_vote", condition=models.Q(votes_needed__gte=1, revision__gte=1)
            ),
            models.CheckConstraint(
                name="identity_proposal_digest_is_sha256", condition=models.Q(digest__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(name="identity_proposal_has_a_reason", condition=~models.Q(reason="")),
        )
        indexes = (
            # What waits, oldest first; and what lapses next.
            models.Index(name="identity_proposal_open", fields=("program", "id"), condition=models.Q(state="PROPOSED")),
            models.Index(
                name="identity_proposal_lapsing",
                fields=("expires_at",),
                condition=models.Q(state__in=("PROPOSED", "APPROVED")),
            ),
            models.Index(name="identity_proposal_subject", fields=("subject_type", "subject_id")),
        )

    @property
    def person_concerned(self) -> UUID | None:
        """The person whom it is about, if it is about one; they have no vote on it."""
        return UUID(self.subject_id) if self.subject_type == PERSON else None

    def __str__(self) -> str:
        return f"{self.kind.rpartition('.')[2].replace('_', ' ').capitalize()}, {self.get_state_display().lower()}"


class ProposalMaker(models.Model):
    """Somebody who made, edited or submitted a proposal, and therefore has no vote on it."""

    proposal = models.ForeignKey("identity.Proposal", on_delete=models.PROTECT, related_name="makers")
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()

    is_final: ClassVar = True

    class Meta:
        constraints = (models.UniqueConstraint(name="identity_maker_once", fields=("proposal", "user")),)

    def __str__(self) -> str:
        return f"{self.user} made revision {self.revision}"


class ProposalVote(models.Model):
    """What somebody said to exactly this wording."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    proposal = models.ForeignKey("identity.Proposal", on_delete=models.PROTECT, related_name="votes")
    by = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    decision = models.CharField(max_length=7, choices=Decision)
    comment = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    is_final: ClassVar = True

    class Meta:
        constraints = (
            models.UniqueConstraint(name="identity_vote_once", fields=("proposal", "revision", "by")),
            models.CheckConstraint(
                name="identity_vote_decision_is_known", condition=models.Q(decision__in=Decision.values)
            ),
        )

    def __str__(self) -> str:
        return f"{self.by}: {self.get_decision_display()}"


class ApprovalPolicy(models.Model):
    """How many people of which roles must agree, by amount; the latest row that has begun applies."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="approval_policies")
    kind = models.CharField(max_length=80)
    valid_from = models.DateTimeField()
    # [{"above": "0", "votes": 1, "roles": ["OWNER", ...]}, ...], amounts rising
    bands = models.JSONField()

    is_final: ClassVar = True

    class Meta:
        verbose_name_plural = "approval policies"
        constraints = (models.UniqueConstraint(name="identity_policy_once", fields=("program", "kind", "valid_from")),)

    def __str__(self) -> str:
        return f"{self.kind} from {self.valid_from:%Y-%m-%d}"
