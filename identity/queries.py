"""What identity answers."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from audit.models import EntryQuerySet
from identity.models import Membership, Program, User


@dataclass(frozen=True, slots=True)
class MembershipLine:
    """A person's place in a program, in words."""

    program: Program
    role_label: str


def journal_for_user(entries: EntryQuerySet, user: object) -> EntryQuerySet:
    """The journal entries ``user`` may read: those of his programs, and those of no program for the house's staff."""
    if isinstance(user, AnonymousUser) or not isinstance(user, User):
        return entries.none()
    programs = Membership.objects.programs_where(user, "journal.read")
    visible = Q(program_id__in=programs)
    if Membership.objects.programs_where(user, "operations.read").exists():
        visible |= Q(program_id=None)
    return entries.filter(visible)


def memberships_of(user: User) -> list[MembershipLine]:
    """Return what ``user`` is, program by program."""
    return [
        MembershipLine(program=membership.program, role_label=membership.get_role_display())
        for membership in user.memberships.select_related("program").order_by("program__name", "role")
    ]
