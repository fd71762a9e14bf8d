"""Who somebody is, and where they stood."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, UUIDField, Value

from affiliates import rules
from affiliates.errors import AddressNotProven, ProgramTakesNobody, UnknownAffiliate, UnknownMember, UnknownTier
from affiliates.models import Affiliate, Member, Standing, Tier
from identity.models import Program, User, WalletAddress
from identity.proofs import checksummed
from identity.states import ProgramStatus


def affiliate_of(affiliate_id: UUID, *, program_id: UUID) -> Affiliate:
    """Return an affiliate of the program.

    :raises UnknownAffiliate: if it has no such.
    """
    found = Affiliate.objects.filter(pk=affiliate_id, program=program_id).select_related("program").first()
    if found is None:
        raise UnknownAffiliate(affiliate=affiliate_id)
    return found


def locked_affiliate(affiliate_id: UUID, *, program_id: UUID) -> Affiliate:
    """Return an affiliate of the program with its lock.

    :raises UnknownAffiliate: if it has no such.
    """
    found = Affiliate.objects.locked().filter(pk=affiliate_id, program=program_id).select_related("program").first()
    if found is None:
        raise UnknownAffiliate(affiliate=affiliate_id)
    return found


def affiliate_by_code(code: str, *, program_id: UUID | None = None) -> Affiliate:
    """Return who has a referral code.

    :raises UnknownAffiliate: if nobody has, in the program where one is given.
    """
    read = rules.read_code(code)
    found = Affiliate.objects.filter(code=read).select_related("program").first() if read else None
    if found is None or (program_id is not None and found.program_id != program_id):
        raise UnknownAffiliate(affiliate=code[:40].replace("\0", ""))
    return found


def member_by_address(address: str, *, program_id: UUID) -> Member:
    """Return the program's member with a wallet address, as it is stored.

    :raises UnknownMember: if there is none.
    """
    found = Member.objects.filter(program=program_id, wallet_address=address).select_related("affiliate").first()
    if found is None:
        raise UnknownMember(member=address)
    return found


def tier_of(tier_id: UUID, *, program_id: UUID) -> Tier:
    """Return a tier of the program.

    :raises UnknownTier: if it has no such.
    """
    found = Tier.objects.filter(pk=tier_id, program=program_id).first()
    if found is None:
        raise UnknownTier(tier=tier_id)
    return found


def require_proven(address: str, *, user: User | None) -> None:
    """Refuse an address that somebody has not signed for.

    :raises AddressNotProven: if they have not.
    """
    if user is None or not WalletAddress.objects.filter(user=user, address=address).exists():
        raise AddressNotProven(address=checksummed(address))


def require_open(program: Program) -> None:
    """Refuse what somebody new wants of a program that is paused or closed.

    :raises ProgramTakesNobody: if it is.
    """
    if program.status != ProgramStatus.ACTIVE:
        raise ProgramTakesNobody(program=program.name, status=program.get_status_display().lower())


def phone_digest_of(user: User | None, *, program_id: UUID) -> str:
    """Return what tells the person's phone apart from others in a program."""
    return rules.phone_digest(user.phone, salt=str(program_id)) if user else ""


def one_of(field: str, ids: Collection[UUID]) -> Func:
    """Return whether a field is one of these: a thousand are read quicker as one array than as places of their own."""
    array = Value(list(ids), output_field=ArrayField(UUIDField()))
    return Func(F(field), array, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())


class Stood(NamedTuple):
    """Where an affiliate stood, from a moment on."""

    parent_id: UUID | None
    tier_id: UUID | None
    valid_from: datetime


class Standings:
    """Where some affiliates stood at any time, read at once."""

    def __init__(self, affiliate_ids: Collection[UUID]) -> None:
        self._rows: dict[UUID, list[Stood]] = {}
        found = Standing.objects.filter(one_of("affiliate", affiliate_ids)).order_by("affiliate", "number")
        rows = found.values_list("affiliate_id", "parent_id", "tier_id", "valid_from")
        for affiliate_id, parent_id, tier_id, valid_from in rows:
            self._rows.setdefault(affiliate_id, []).append(Stood(parent_id, tier_id, valid_from))

    def at(self, affiliate_id: UUID, moment: datetime) -> Stood:
        """Return where the affiliate stood at a moment; before its first row it stood there, too."""
        rows = self._rows[affiliate_id]
        return next((row for row in reversed(rows) if row.valid_from <= moment), rows[0])

    def parents(self, asked: Iterable[tuple[UUID, datetime]]) -> set[UUID]:
        """Return the parents that the affiliates had."""
        found = {self.at(affiliate_id, moment).parent_id for affiliate_id, moment in asked}
        return {parent for parent in found if parent is not None}

    def tiers(self) -> set[UUID]:
        """Return every tier that one of them ever stood in."""
        return {row.tier_id for rows in self._rows.values() for row in rows if row.tier_id is not None}
