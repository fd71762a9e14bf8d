"""Make somebody an affiliate."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from affiliates import rules
from affiliates.errors import AffiliateTaken, BadCode, CodeTaken, ParentNotActive
from affiliates.models import Affiliate, Standing
from affiliates.operations.tree_refusals import tree_refusals
from affiliates.queries import people
from affiliates.states import AffiliateState
from audit import context
from audit.operations import record
from identity.errors import MembershipExists
from identity.models import Party, Program, User
from identity.operations import add_membership, open_party
from identity.states import PartyKind, Role

# Letters that are read aloud and written down without being taken for one another.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@transaction.atomic
def register_affiliate(
    *,
    program: Program,
    name: str,
    user: User | None = None,
    code: str = "",
    wallet_address: str | None = None,
    parent_id: UUID | None = None,
    tier_id: UUID | None = None,
    is_active: bool,
    external_reference: str = "",
    joined_at: datetime | None = None,
    at: datetime,
) -> Affiliate:
    """Make ``user``, or somebody who signs in nowhere, an affiliate, with the code that is wanted or one made up.

    :raises ProgramTakesNobody: if the program is paused or closed.
    :raises BadCode: if the code can't be one.
    :raises CodeTaken: if somebody has it.
    :raises AffiliateTaken: if the person or the address is an affiliate of the program already.
    :raises UnknownAffiliate: if there is no such parent.
    :raises UnknownTier: if there is no such tier.
    :raises ParentNotActive: if the parent is not active.
    :raises TreeTooDeep: if the parent stands too far below the top.
    :raises SelfReferral: if it would earn from what the same person settles.
    """
    people.require_open(program)
    wanted = _code(code)
    parent = people.affiliate_of(parent_id, program_id=program.pk) if parent_id else None
    if parent is not None and parent.state != AffiliateState.ACTIVE:
        raise ParentNotActive(code=parent.code, state=parent.get_state_display().lower())
    tier = people.tier_of(tier_id, program_id=program.pk) if tier_id else None
    party = open_party(
        program=program, kind=PartyKind.PERSON, name=name, user=user, external_reference=external_reference, at=at
    )
    _require_nobody(program, party, user, wallet_address, wanted)

    affiliate = Affiliate(
        program=program, party=party, user=user, code=wanted, wallet_address=wallet_address, parent=parent, tier=tier,
        state=AffiliateState.ACTIVE if is_active else AffiliateState.PENDING, last_standing=1,
        joined_at=joined_at or at,
        phone_digest=people.phone_digest_of(user, program_id=program.pk),
    )  # fmt: skip
    try:
        with transaction.atomic(), tree_refusals(affiliate):
            affiliate.save(force_insert=True)
    except IntegrityError:
        # Somebody was first, at the same moment.
        _require_nobody(program, party, user, wallet_address, wanted)
        raise
    actor = context.current().actor
    Standing.objects.create(
        program=program, affiliate=affiliate, number=1, parent=parent, tier=tier, valid_from=affiliate.joined_at,
        recorded_by=f"{actor.type}:{actor.id}", reason="Joined",
    )  # fmt: skip
    if user is not None:
        _let_in(user, program, at=at)

    record(
        "affiliates.affiliate.registered", subject=affiliate, at=at, program_id=program.pk,
        payload={
            "code": affiliate.code, "parent": parent and str(parent.pk), "tier": tier and str(tier.pk),
            "state": affiliate.state,
        },
    )  # fmt: skip
    return affiliate


def _code(wanted: str) -> str:
    if not wanted.strip():
        return "".join(secrets.choice(_LETTERS) for _ in range(8))
    code = rules.read_code(wanted)
    if code is None:
        raise BadCode
    return code


def _require_nobody(program: Program, party: Party, user: User | None, wallet_address: str | None, code: str) -> None:
    if Affiliate.objects.filter(code=code).exists():
        raise CodeTaken(code=code)
    known = Affiliate.objects.filter(program=program)
    if known.filter(party=party).exists() or (user is not None and known.filter(user=user).exists()):
        raise AffiliateTaken(what="this person")
    if wallet_address is not None and known.filter(wallet_address=wallet_address).exists():
        raise AffiliateTaken(what="this wallet address")


def _let_in(user: User, program: Program, *, at: datetime) -> None:
    """Give them the role that opens the affiliates' pages; some have it."""
    try:
        with transaction.atomic():
            add_membership(user=user, program=program, role=Role.AFFILIATE, at=at)
    except MembershipExists:
        return
