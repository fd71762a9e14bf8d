"""Who calls: a person, a key or the service. Every door asks these the same two questions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db import models

from audit.context import Actor
from identity import rules
from identity.models import ApiKey, Program, ProgramQuerySet, User

Ids = models.QuerySet[Program, UUID]


class Caller(ABC):
    """Somebody or something that calls. Where no person does, it stands in the request as its user too."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    @abstractmethod
    def actor(self) -> Actor:
        """Who the journal says it was."""

    @property
    def pk(self) -> str:
        """The name under which calls are counted and idempotency keys are kept."""
        return f"{self.actor.type}:{self.actor.id}"

    @abstractmethod
    def programs(self, permission: str) -> Ids:
        """The ids of the programs in which the caller holds ``permission``."""

    @abstractmethod
    def known_programs(self) -> ProgramQuerySet:
        """The programs the caller may name at all."""

    @abstractmethod
    def own_programs(self) -> ProgramQuerySet:
        """The programs meant when none is named, if there is one only."""

    def only_program(self) -> Program | None:
        """Return the program meant when none is named; None when there are several, or none."""
        own = list(self.own_programs()[:2])
        return own[0] if len(own) == 1 else None

    def may(self, permission: str, program: Program | None = None) -> bool:
        """Whether the caller holds ``permission`` in ``program``, or anywhere when none is named."""
        held = self.programs(permission)
        return (held if program is None else held.filter(pk=program.pk)).exists()

    def may_in_house(self, permission: str) -> bool:
        """Whether the caller holds ``permission`` over what belongs to no program."""
        return False

    @property
    def person_id(self) -> UUID | None:
        """Who owns what is the caller's own; keys and the service own nothing."""
        return None

    def programs_with_own(self, permission: str) -> Ids:
        """The ids of the programs in which the caller holds ``permission`` over what is their own."""
        return Program.objects.none().order_by().values_list("pk", flat=True)

    def may_with_own(self, permission: str, program: Program | None = None) -> bool:
        """Whether the caller holds ``permission`` over what is their own in ``program``, or anywhere."""
        held = self.programs_with_own(permission)
        return (held if program is None else held.filter(pk=program.pk)).exists()


@dataclass(frozen=True)
class PersonCaller(Caller):
    """A person, in a browser's session or with a token."""

    user: User
    stepped_up_at: datetime | None = None  # a token's; a session has its own record
    family: UUID | None = None  # the sign-in a token comes from

    @property
    def actor(self) -> Actor:
        return Actor("user", str(self.user.pk))

    @cached_property
    def _roles(self) -> Sequence[tuple[UUID, str, bool]]:
        """What this person is, and where, and whether that is as staff of the house.

        Asked once for each request: every question of one request then has the same answer.
        """
        memberships = self.user.memberships.order_by().values_list("program_id", "role", "program__slug")
        return [(pk, role, slug == rules.HOUSE_SLUG and role in rules.STAFF_ROLES) for pk, role, slug in memberships]

    def _reach(self, permission: str) -> set[UUID] | None:
        """Return where this person holds ``permission``; None is everywhere (``MembershipQuerySet.programs_where``)."""
        held = [(pk, in_house) for pk, role, in_house in self._roles if role in rules.roles_with(permission)]
        if any(in_house for _, in_house in held):
            return None
        return set() if permission in rules.HOUSE_ONLY else {pk for pk, _ in held}

    def _reach_with_own(self, permission: str) -> set[UUID]:
        return {pk for pk, role, _ in self._roles if role in rules.roles_with_own(permission)}

    def programs(self, permission: str) -> Ids:
        reach = self._reach(permission)
        held = Program.objects.all() if reach is None else Program.objects.filter(pk__in=reach)
        return held.order_by().values_list("pk", flat=True)

    def may(self, permission: str, program: Program | None = None) -> bool:
        reach = self._reach(permission)
        return reach is None or (bool(reach) if program is None else program.pk in reach)

    def known_programs(self) -> ProgramQuerySet:
        return Program.objects.filter(pk__in=self.programs("program.read"))

    def own_programs(self) -> ProgramQuerySet:
        return Program.objects.filter(pk__in={pk for pk, _, _ in self._roles})

    def may_in_house(self, permission: str) -> bool:
        in_house = [role for _, role, is_staff in self._roles if is_staff]
        return self.user.is_active and all(rules.grants(in_house, each) for each in (permission, "operations.read"))

    @property
    def person_id(self) -> UUID | None:
        return self.user.pk

    def programs_with_own(self, permission: str) -> Ids:
        held = Program.objects.filter(pk__in=self._reach_with_own(permission))
        return held.order_by().values_list("pk", flat=True)

    def may_with_own(self, permission: str, program: Program | None = None) -> bool:
        reach = self._reach_with_own(permission)
        return bool(reach) if program is None else program.pk in reach


@dataclass(frozen=True)
class KeyCaller(Caller):
    """Another system, with a program's key: what the key's scopes say, in that program and nowhere else."""

    key: ApiKey

    @property
    def actor(self) -> Actor:
        return Actor("api_key", str(self.key.pk))

    def programs(self, permission: str) -> Ids:
        held = self.own_programs()
        if permission not in self.key.scopes or permission not in rules.KEY_SCOPES:
            held = held.none()
        return held.order_by().values_list("pk", flat=True)

    def known_programs(self) -> ProgramQuerySet:
        return self.own_programs()

    def own_programs(self) -> ProgramQuerySet:
        return Program.objects.filter(pk=self.key.program_id)

    # The key and its program have just been read, so none of these asks the database again.

    def only_program(self) -> Program | None:
        return self.key.program

    def may(self, permission: str, program: Program | None = None) -> bool:
        is_held = permission in self.key.scopes and permission in rules.KEY_SCOPES
        return is_held and (program is None or program.pk == self.key.program_id)


@dataclass(frozen=True)
class ServiceCaller(Caller):
    """The operator's own service, with ADMIN_KEY: it opens programs and reads, and never decides."""

    name: str = "admin-key"

    @property
    def actor(self) -> Actor:
        return Actor("service", self.name)

    def programs(self, permission: str) -> Ids:
        held = self.known_programs() if permission in rules.SERVICE_PERMISSIONS else Program.objects.none()
        return held.order_by().values_list("pk", flat=True)

    def known_programs(self) -> ProgramQuerySet:
        return Program.objects.all()

    def own_programs(self) -> ProgramQuerySet:
        return Program.objects.none()

    def may(self, permission: str, program: Program | None = None) -> bool:
        # On an empty database there is no program yet in which it could hold anything.
        return permission in rules.SERVICE_PERMISSIONS

    def may_in_house(self, permission: str) -> bool:
        return {permission, "operations.read"} <= rules.SERVICE_PERMISSIONS
