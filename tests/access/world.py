"""Three programs, everybody who could knock at a door, and what the table says of each of them.

`held` is the whole oracle: it is read off `identity.rules` and the roles that somebody was given, and asks none of the
code that it is compared with.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import acting_as
from identity import rules
from identity.models import ApiKey, Program, User
from identity.operations import issue_tokens
from identity.states import Role
from tests.access.rows import IN_PROGRAM, OF_NO_PROGRAM
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.signed_in import with_second_factor

HOUSE, ACME, XANADU = rules.HOUSE_SLUG, "acme", "xanadu"
PLACES = (ACME, HOUSE, XANADU)
NOWHERE = "nowhere"  # what belongs to no program

Roles = tuple[tuple[Role, str], ...]  # a role, and where

# Every role in a program and in the house; and those who are one thing here and another there: what they may do in one
# place must not follow them to the other.
PEOPLE: tuple[Roles, ...] = (
    *(((role, place),) for role in Role for place in (ACME, HOUSE)),
    ((Role.OWNER, XANADU),),
    ((Role.AUDITOR, ACME), (Role.OWNER, XANADU)),
    ((Role.SUPPORT, ACME), (Role.OWNER, XANADU)),
    ((Role.OWNER, ACME), (Role.AUDITOR, HOUSE)),
    ((Role.FINANCE_MAKER, ACME), (Role.CUSTOMER, XANADU)),
    (),
)

# A token and a session are the same person to a door, so few show it.
WITH_TOKEN: tuple[Roles, ...] = (((Role.FINANCE_MAKER, ACME),), ((Role.CUSTOMER, ACME),), ((Role.OWNER, HOUSE),))

_SCOPES = {
    frozenset[str](),
    rules.KEY_SCOPES,
    *(frozenset({scope}) for scope in rules.KEY_SCOPES),
    *(rules.KEY_SCOPES - {scope} for scope in rules.KEY_SCOPES),
}


class Said(Enum):
    """What a door says."""

    ALLOWED = "allowed"  # whatever came of it then: a permission was not what was missing
    FORBIDDEN = "forbidden"
    NOT_THERE = "not there"
    SIGN_IN = "sign in first"


@dataclass(frozen=True)
class Knocker:
    """Somebody or something at the door."""

    name: str
    client: APIClient = field(repr=False, compare=False)
    pages: Client | None = field(default=None, repr=False, compare=False)  # for the back office
    roles: "Roles" = ()
    scopes: frozenset[str] = frozenset()
    key_of: str | None = None
    is_service: bool = False
    is_stranger: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def is_person(self) -> bool:
        return not (self.key_of or self.is_service or self.is_stranger)

    def held(self, permission: str) -> set[str]:
        """Return where the table gives this one ``permission``."""
        if self.is_service:
            return {*PLACES} if permission in rules.SERVICE_PERMISSIONS else set()
        if self.key_of:
            return {self.key_of} if permission in self.scopes & rules.KEY_SCOPES else set()
        places: set[str] = set()
        for role, place in self.roles:
            if permission not in rules.ROLE_PERMISSIONS[role]:
                continue
            if place == HOUSE and role in rules.STAFF_ROLES:
                places |= set(PLACES)
            elif permission not in rules.HOUSE_ONLY:
                places.add(place)
        return places

    def held_with_own(self, permission: str) -> set[str]:
        """Return where the table gives this one ``permission`` over what is their own."""
        return {place for role, place in self.roles if permission in rules.OWN_PERMISSIONS.get(role, ())}

    def holds(self, permission: str, place: str) -> bool:
        """Whether the table gives this one ``permission`` over what belongs to ``place``.

        What belongs to no program is the house's: for those who hold the permission in the house, and operate it.
        """
        if place != NOWHERE:
            return place in self.held(permission)
        if self.is_service:
            return {permission, "operations.read"} <= rules.SERVICE_PERMISSIONS
        in_house = [role for role, held_in in self.roles if held_in == HOUSE and role in rules.STAFF_ROLES]
        return rules.grants(in_house, permission) and rules.grants(in_house, "operations.read")

    def at_an_object(self, permission: str, place: str, *, reading: str, has_owner: bool = False) -> Said:
        """Return what is said to this one about an object of ``place``: what can't be read is not there.

        An owner is let in, and nothing of the house of these tests is theirs.
        """
        if not self.held(permission) | (self.held_with_own(permission) if has_owner else set()):
            return Said.FORBIDDEN
        if not self.holds(reading, place):
            return Said.NOT_THERE
        return Said.ALLOWED if self.holds(permission, place) else Said.FORBIDDEN

    @property
    def knows_xanadu(self) -> bool:
        """Whether this one belongs there, and may read its name."""
        return XANADU in self.may_name()

    def may_name(self) -> set[str]:
        """Return the programs that this one may name at all."""
        if self.is_service:
            return {*PLACES}
        return {self.key_of} if self.key_of else self.held("program.read")


class World:
    """The house of these tests. All of it is made at once, because what a test adds is undone."""

    def __init__(self) -> None:
        names = {HOUSE: "House", ACME: "Acme", XANADU: "Xanadu"}
        self.programs: dict[str, Program] = {slug: ProgramFactory(slug=slug, name=names[slug]) for slug in PLACES}
        self.people = {roles: self._person(roles) for roles in PEOPLE}
        self._keys = {(place, scopes): self._key(place, scopes) for place in (ACME, HOUSE) for scopes in _SCOPES}
        self.rows: dict[tuple[type[Model], str], Any] = {
            (model, slug): make(self.programs[slug]) for model, make in IN_PROGRAM.items() for slug in PLACES
        }
        self.rows |= {(model, NOWHERE): make() for model, make in OF_NO_PROGRAM.items()}
        # Everybody, signed in as a browser is, with a second factor just shown; and some with a token of the API.
        self.signed_in = [self._signed_in(roles, user) for roles, user in self.people.items()]
        self.with_token = [self._with_token(roles, self.people[roles]) for roles in WITH_TOKEN]

    def id_of(self, place: str) -> UUID | None:
        """Return the id that rows of ``place`` carry."""
        return None if place == NOWHERE else self.programs[place].pk

    def rows_of(self, model: type[Model]) -> dict[str, Any]:
        """Return the rows of ``model``, by where they belong."""
        return {place: row for (kind, place), row in self.rows.items() if kind is model}

    def with_keys(self, permission: str) -> list[Knocker]:
        """Return keys that carry just ``permission``, and keys that carry everything else; and the service."""
        made = []
        for place in (ACME, HOUSE):
            for scopes in (frozenset({permission}) & rules.KEY_SCOPES, rules.KEY_SCOPES - {permission}):
                name = f"a key of {place} with {'all but ' * (len(scopes) > 1)}{permission}"
                client = _client(HTTP_AUTHORIZATION=f"Api-Key {self._keys[place, scopes]}")
                made.append(Knocker(name, client, scopes=scopes, key_of=place))
        return [*made, Knocker("the service", _client(HTTP_X_ADMIN_KEY=settings.ADMIN_KEYS[0]), is_service=True)]

    def _person(self, roles: Roles) -> User:
        # Somebody of two programs is not called after either: colleagues here would read of there.
        name = _named(roles) if len(roles) < 2 else "somebody with two hats"
        user: User = UserFactory(name=name)
        for role, place in roles:
            MembershipFactory(user=user, program=self.programs[place], role=role)
        return user

    def _signed_in(self, roles: Roles, user: User) -> Knocker:
        client = with_second_factor(APIClient(), user)
        pages = Client()
        pages.cookies = client.cookies
        return Knocker(_named(roles), client, pages=pages, roles=roles)

    def _with_token(self, roles: Roles, user: User) -> Knocker:
        with acting_as("test", "pytest"):
            token = issue_tokens(user=user, second_factor="none", at=timezone.now()).access
        return Knocker(f"{_named(roles)} with a token", _client(HTTP_AUTHORIZATION=f"Bearer {token}"), roles=roles)

    def _key(self, place: str, scopes: frozenset[str]) -> str:
        prefix, secret, now = secrets.token_hex(6), secrets.token_hex(16), timezone.now()
        ApiKey.objects.create(
            program=self.programs[place],
            name=f"{place} calls",
            prefix=prefix,
            secret_hash=rules.hash_of(secret),
            scopes=sorted(scopes),
            created_by=self.people[((Role.OWNER, place),)],
            created_at=now,
            expires_at=now + timedelta(days=1),
            last_used_at=now,
        )
        return f"{prefix}.{secret}"


def _named(roles: Roles) -> str:
    return " and ".join(f"{role} of {place}" for role, place in roles) or "nobody"


def _client(**headers: str) -> APIClient:
    client = APIClient()
    client.credentials(**headers)
    return client


STRANGER = Knocker("a stranger", APIClient(), pages=Client(), is_stranger=True)


@contextmanager
def undone() -> Iterator[None]:
    """Undo what happens in the block. (A nested atomic block would forbid the durable ones that doors open.)"""
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)
