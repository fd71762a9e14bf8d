"""The states of programs, parties and proposals, and the roles a person can hold, with the words people read."""

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class ProgramStatus(models.TextChoices):
    """Paused: no new customer actions, but facts, reversals and paying what is owed go on. Closed: for good."""

    ACTIVE = "ACTIVE", "Active"
    PAUSED = "PAUSED", "Paused"
    CLOSED = "CLOSED", "Closed"


class Role(models.TextChoices):
    """What a person is in a program. What a role may do stands in ``identity.rules``."""

    OWNER = "OWNER", "Owner"
    FINANCE_MAKER = "FINANCE_MAKER", "Finance maker"
    FINANCE_APPROVER = "FINANCE_APPROVER", "Finance approver"
    SUPPORT = "SUPPORT", "Support"
    AUDITOR = "AUDITOR", "Auditor"
    MERCHANT = "MERCHANT", "Merchant"
    AFFILIATE = "AFFILIATE", "Affiliate"
    CUSTOMER = "CUSTOMER", "Customer"


class ProposalState(models.TextChoices):
    """Where a proposal stands."""

    PROPOSED = "PROPOSED", "Waiting"
    APPROVED = "APPROVED", "Approved"
    EXECUTED = "EXECUTED", "Done"
    REJECTED = "REJECTED", "Rejected"
    RECALLED = "RECALLED", "Recalled"
    EXPIRED = "EXPIRED", "Expired"


class Decision(models.TextChoices):
    """What a vote says."""

    APPROVE = "APPROVE", "Approve"
    REJECT = "REJECT", "Reject"


class PartyKind(models.TextChoices):
    """What a party is."""

    PERSON = "PERSON", "Person"
    ORGANISATION = "ORGANISATION", "Organisation"


class PartyStatus(models.TextChoices):
    """Closed: nothing new is opened for it; what is owed goes on."""

    ACTIVE = "ACTIVE", "Active"
    CLOSED = "CLOSED", "Closed"


class KeyCondition(models.TextChoices):
    """What an API key is good for at a moment; it follows from the row and the clock, and is stored nowhere."""

    LIVE = "LIVE", "Works"
    UNCOLLECTED = "UNCOLLECTED", "Waits for its secret"
    EXPIRED = "EXPIRED", "Expired"
    REVOKED = "REVOKED", "Revoked"


PROGRAM_TRANSITIONS = register_transitions(
    TransitionTable(
        model="identity.program",
        field="status",
        initial=ProgramStatus.ACTIVE,
        states=dict(ProgramStatus.choices),
        colours={ProgramStatus.ACTIVE: "good", ProgramStatus.PAUSED: "warn", ProgramStatus.CLOSED: "neutral"},
        edges=(
            Edge(ProgramStatus.ACTIVE, ProgramStatus.PAUSED, "identity.program.paused"),
            Edge(ProgramStatus.PAUSED, ProgramStatus.ACTIVE, "identity.program.resumed"),
            Edge(ProgramStatus.PAUSED, ProgramStatus.CLOSED, "identity.program.closed"),
        ),
    )
)

PARTY_TRANSITIONS = register_transitions(
    TransitionTable(
        model="identity.party",
        field="status",
        initial=PartyStatus.ACTIVE,
        states=dict(PartyStatus.choices),
        colours={PartyStatus.ACTIVE: "good", PartyStatus.CLOSED: "neutral"},
        edges=(
            Edge(PartyStatus.ACTIVE, PartyStatus.CLOSED, "identity.party.closed"),
            Edge(PartyStatus.CLOSED, PartyStatus.ACTIVE, "identity.party.reopened"),
        ),
    )
)

PROPOSAL_TRANSITIONS = register_transitions(
    TransitionTable(
        model="identity.proposal",
        field="state",
        initial=ProposalState.PROPOSED,
        states=dict(ProposalState.choices),
        colours={
            ProposalState.PROPOSED: "warn",
            ProposalState.APPROVED: "info",
            ProposalState.EXECUTED: "good",
            ProposalState.REJECTED: "bad",
            ProposalState.RECALLED: "neutral",
            ProposalState.EXPIRED: "neutral",
        },
        edges=(
            Edge(ProposalState.PROPOSED, ProposalState.APPROVED, "identity.proposal.approved"),
            Edge(ProposalState.PROPOSED, ProposalState.REJECTED, "identity.proposal.rejected"),
            Edge(ProposalState.PROPOSED, ProposalState.RECALLED, "identity.proposal.recalled"),
            Edge(ProposalState.PROPOSED, ProposalState.EXPIRED, "identity.proposal.expired"),
            Edge(ProposalState.APPROVED, ProposalState.EXECUTED, "identity.proposal.executed"),
            Edge(ProposalState.APPROVED, ProposalState.RECALLED, "identity.proposal.recalled"),
            Edge(ProposalState.APPROVED, ProposalState.EXPIRED, "identity.proposal.expired"),
        ),
    )
)
