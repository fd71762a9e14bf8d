"""What identity answers; about settings and terms in rooms of their own."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from identity import rules, tokens
from identity.errors import KeyExpiryOutOfRange, UnknownScope
from identity.kinds import ProposalKind, lines_of
from identity.models import ApiKey, ApprovalPolicy, Membership, Program, Proposal, TokenFamily, User
from identity.queries.settings import setting
from identity.states import ProposalState


@dataclass(frozen=True, slots=True)
class MembershipLine:
    """A person's place in a program, in words."""

    program: Program
    role: str
    role_label: str


def of_own_programs(rows: models.QuerySet[Any], user: object, permission: str) -> models.QuerySet[Any]:
    """Narrow rows that store their program as a value; what belongs to no program concerns the house's own staff."""
    if not isinstance(user, User):
        return rows.none()
    if user.may_in_house(permission):
        return rows
    if Membership.objects.holds_in_house(user, permission):
        return rows.filter(program_id__isnull=False)
    # As values: with a condition on other tables the index of programs does not serve, and a journal is read whole.
    return rows.filter(program_id__in=list(Membership.objects.programs_where(user, permission)))


def memberships_of(user: User) -> list[MembershipLine]:
    """Return what ``user`` is, program by program."""
    return [
        MembershipLine(program=membership.program, role=membership.role, role_label=membership.get_role_display())
        for membership in user.memberships.select_related("program").order_by("program__name", "role")
    ]


def barred_from(proposal: Proposal) -> set[UUID | None]:
    """Return who has no vote on it whatever their role: its makers, and the person whom it is about."""
    return {*proposal.makers.values_list("user_id", flat=True), proposal.person_concerned}


def possible_voters(
    *, program: Program, roles: frozenset[str], barred: Collection[UUID | None], at: datetime | None
) -> set[UUID]:
    """Return who could vote: active people with such a role in the program or the house, and not the barred ones.

    With ``at`` only those who by then have held the role, and their second factor after a reset, for long enough.
    """
    held = Membership.objects.filter(role__in=roles, user__is_active=True).filter(
        Q(program=program) | Q(program__slug=rules.HOUSE_SLUG)
    )
    if at is not None:
        cooled = at - setting("identity.role_cooling", program)
        held = held.filter(created_at__lte=cooled).exclude(user__second_factor_reset_at__gt=cooled)
    return set(held.values_list("user_id", flat=True)).difference(barred)


def may_vote(proposal: Proposal, *, user: User, at: datetime) -> bool:
    """Whether ``user`` could vote on ``proposal`` now."""
    if proposal.state != ProposalState.PROPOSED or proposal.expires_at <= at:
        return False
    roles = frozenset(proposal.voter_roles)
    voters = possible_voters(program=proposal.program, roles=roles, barred=barred_from(proposal), at=at)
    return user.pk in voters and not proposal.votes.filter(revision=proposal.revision, by=user).exists()


def waiting_for(user: User, *, at: datetime) -> list[Proposal]:
    """Return the proposals that wait for ``user``'s vote, the oldest first."""
    open_ones = Proposal.objects.for_user(user).open().filter(expires_at__gt=at).select_related("program")
    return [proposal for proposal in open_ones.order_by("id")[:200] if may_vote(proposal, user=user, at=at)]


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """A line of what is proposed, and what stood there before the last change if that was different."""

    label: str
    now: str
    before: str | None


def proposed_lines(proposal: Proposal) -> list[ProposedLine]:
    """Return what ``proposal`` says, line by line, as its kind words it."""
    changed = proposal.previous_payload is not None
    before = dict(lines_of(proposal.kind, proposal.previous_payload or {})) if changed else {}
    lines = []
    for label, now in lines_of(proposal.kind, proposal.payload):
        old = before.pop(label, "nothing") if changed else now
        lines.append(ProposedLine(label, now, old if old != now else None))
    return [*lines, *(ProposedLine(label, "nothing", old) for label, old in before.items())]


def required_band(
    kind: ProposalKind, *, program: Program, amount: Decimal | None, asset_code: str = "", at: datetime
) -> rules.Band:
    """Return what the policy in force asks for: the program's own, else the kind's."""
    policy = (
        ApprovalPolicy.objects.filter(program=program, kind=kind.name, valid_from__lte=at)
        .order_by("-valid_from")
        .first()
    )
    bands = rules.read_bands(policy.bands) if policy else kind.bands
    return rules.band_for(bands, amount, asset=asset_code, own_asset=program.default_asset_code)


def live_key(credential: str, *, at: datetime) -> ApiKey | None:
    """Return the key that ``PREFIX.SECRET`` opens; None for a wrong, revoked, expired or uncollected one alike."""
    parts = rules.split_credential(credential)
    if parts is None:
        return None
    prefix, secret = parts
    key = ApiKey.objects.live(at=at).filter(prefix=prefix).select_related("program").first()
    # Compared even where there is none, so that the time taken says nothing about the prefix.
    matches = secrets.compare_digest(key.secret_hash if key else rules.hash_of(""), rules.hash_of(secret))
    return key if matches else None


def check_key(*, program: Program, scopes: Iterable[str], expires_at: datetime, at: datetime) -> list[str]:
    """Return the scopes of a key to be, once each and in order.

    :raises UnknownScope: if one is none that a key can carry.
    :raises KeyExpiryOutOfRange: if it would be expired at once, or last longer than the program lets keys last.
    """
    carried = sorted({str(scope) for scope in scopes})
    unknown = [scope for scope in carried if scope not in rules.KEY_SCOPES]
    if unknown or not carried:
        raise UnknownScope(scopes=unknown, known=sorted(rules.KEY_SCOPES))
    days = setting("identity.key_days_at_most", program)
    if not at < expires_at <= at + timedelta(days=days):
        raise KeyExpiryOutOfRange(days=days)
    return carried


def bearer_of(token: str, *, at: datetime) -> tuple[User, tokens.Claims]:
    """Return whose access token this is, and what it says.

    :raises BadToken: if it opens nothing: wrong, expired, revoked, of another password or of somebody deactivated.
    """
    claims = tokens.read(token, kind=tokens.ACCESS, at=at)
    family = TokenFamily.objects.filter(pk=claims.family_id, revoked_at=None).select_related("user").first()
    if family is None or family.user_id != claims.user_id or not family.user.is_active:
        raise tokens.BadToken
    if not secrets.compare_digest(tokens.epoch_of(family.user), claims.epoch):
        raise tokens.BadToken
    return family.user, claims
