"""The states of those who bring and those who are brought."""

from django.db import models

from audit.states import Edge, TransitionTable, register_transitions


class AffiliateState(models.TextChoices):
    """Suspended: what its members bring is earned and held. Closed: for good; nothing is earned any more."""

    PENDING = "PENDING", "Pending"
    ACTIVE = "ACTIVE", "Active"
    SUSPENDED = "SUSPENDED", "Suspended"
    CLOSED = "CLOSED", "Closed"


class MemberState(models.TextChoices):
    """Pending: known, and the address not proven yet. Suspended: can't claim; what is proven still books."""

    PENDING = "PENDING", "Pending"
    REGISTERED = "REGISTERED", "Registered"
    SUSPENDED = "SUSPENDED", "Suspended"


class MethodKind(models.TextChoices):
    """Where an affiliate can be paid."""

    EVM = "EVM", "On a chain"
    MPESA = "MPESA", "M-Pesa"
    BANK = "BANK", "Bank account"
    WALLET = "WALLET", "Wallet here"


class MethodState(models.TextChoices):
    """Verified: it is theirs. Usable: and was so for long enough that its owner would have noticed a thief."""

    ADDED = "ADDED", "Added"
    VERIFIED = "VERIFIED", "Cooling"
    USABLE = "USABLE", "Usable"
    RETIRED = "RETIRED", "Retired"


AFFILIATE_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.affiliate",
        field="state",
        initial=AffiliateState.PENDING,
        states=dict(AffiliateState.choices),
        colours={
            AffiliateState.PENDING: "info",
            AffiliateState.ACTIVE: "good",
            AffiliateState.SUSPENDED: "warn",
            AffiliateState.CLOSED: "neutral",
        },
        edges=(
            Edge(AffiliateState.PENDING, AffiliateState.ACTIVE, "affiliates.affiliate.activated"),
            Edge(AffiliateState.PENDING, AffiliateState.CLOSED, "affiliates.affiliate.closed"),
            Edge(AffiliateState.ACTIVE, AffiliateState.SUSPENDED, "affiliates.affiliate.suspended"),
            Edge(AffiliateState.SUSPENDED, AffiliateState.ACTIVE, "affiliates.affiliate.reinstated"),
            Edge(AffiliateState.ACTIVE, AffiliateState.CLOSED, "affiliates.affiliate.closed"),
            Edge(AffiliateState.SUSPENDED, AffiliateState.CLOSED, "affiliates.affiliate.closed"),
        ),
    )
)

MEMBER_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.member",
        field="state",
        initial=MemberState.PENDING,
        states=dict(MemberState.choices),
        colours={
            MemberState.PENDING: "info",
            MemberState.REGISTERED: "good",
            MemberState.SUSPENDED: "warn",
        },
        edges=(
            Edge(MemberState.PENDING, MemberState.REGISTERED, "affiliates.member.registered"),
            Edge(MemberState.REGISTERED, MemberState.SUSPENDED, "affiliates.member.suspended"),
            Edge(MemberState.SUSPENDED, MemberState.REGISTERED, "affiliates.member.reinstated"),
        ),
    )
)

METHOD_TRANSITIONS = register_transitions(
    TransitionTable(
        model="affiliates.payoutmethod",
        field="state",
        initial=MethodState.ADDED,
        states=dict(MethodState.choices),
        colours={
            MethodState.ADDED: "info",
            MethodState.VERIFIED: "warn",
            MethodState.USABLE: "good",
            MethodState.RETIRED: "neutral",
        },
        edges=(
            Edge(MethodState.ADDED, MethodState.VERIFIED, "affiliates.method.verified"),
            Edge(MethodState.VERIFIED, MethodState.USABLE, "affiliates.method.cooled"),
            Edge(MethodState.ADDED, MethodState.RETIRED, "affiliates.method.retired"),
            Edge(MethodState.VERIFIED, MethodState.RETIRED, "affiliates.method.retired"),
            Edge(MethodState.USABLE, MethodState.RETIRED, "affiliates.method.retired"),
        ),
    )
)
