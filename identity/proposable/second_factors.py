"""Resetting the second factor of somebody who has lost it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from identity import rules
from identity.errors import HouseDecides, NoSecondFactor, NotAMember, UnknownPerson
from identity.kinds import Prepared, ProposalKind, register_kind
from identity.models import PERSON, Membership, Program, Proposal, User
from identity.operations import reset_second_factor
from identity.queries.second_factors import LABELS, second_factors_of
from identity.states import Role

Payload = Mapping[str, Any]

RESET_SECOND_FACTOR = "identity.reset_second_factor"


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=RESET_SECOND_FACTOR,
            label="Reset a second factor",
            permission_to_propose="second_factor.propose",
            bands=(rules.Band(Decimal(0), 1, frozenset({Role.OWNER.value})),),
            check=_check,
            prepare=_prepare,
            describe=_describe,
            execute=_execute,
        )
    )


def _check(program: Program, payload: Payload) -> None:
    user = _person(program, payload)
    if not second_factors_of(user):
        raise NoSecondFactor(person=str(user))


def _person(program: Program, payload: Payload) -> User:
    """Return whom the payload names, if the program may decide about them.

    An account is one for all programs. What guards more than one of them, or none, is for the house to open.
    """
    user = _named(payload)
    if program.slug == rules.HOUSE_SLUG:
        if user is None:
            raise UnknownPerson
        return user
    theirs = set() if user is None else set(Membership.objects.filter(user=user).values_list("program_id", flat=True))
    # In the same words for somebody elsewhere as for nobody: a program's owners learn of no one beyond it.
    if user is None or program.pk not in theirs:
        raise NotAMember(program=program.slug)
    if theirs != {program.pk}:
        raise HouseDecides(program=program.slug)
    return user


def _named(payload: Payload) -> User | None:
    """Return who is named by address, by id, or by both if they agree."""
    lookups: dict[str, Any] = {}
    if "user" in payload:
        try:
            lookups["pk"] = UUID(str(payload["user"]))
        except ValueError:
            return None
    if "email" in payload:
        lookups["email"] = User.objects.normalize_email(str(payload["email"]))
    return User.objects.filter(is_active=True, **lookups).first() if lookups else None


def _prepare(program: Program, payload: Payload) -> Prepared:
    user = _person(program, payload)
    kept = {
        "user": str(user.pk),
        "name": str(user),
        "email": user.email,
        "has": [{"kind": each.kind, "since": each.since.isoformat()} for each in second_factors_of(user)],
    }
    return Prepared(kept, subject=(PERSON, str(user.pk)))


def _describe(payload: Payload) -> list[tuple[str, str]]:
    has = [
        f"{LABELS.get(each['kind'], each['kind'])}, since {datetime.fromisoformat(each['since']):%-d %b %Y, %H:%M} UTC"
        for each in payload["has"]
    ]
    return [
        (
            "Person",
            payload["email"] if payload["name"] == payload["email"] else f"{payload['name']}, {payload['email']}",
        ),
        ("Has", "; ".join(has)),
        ("Loses", "Every second factor, these and newer ones, and every sign-in, at once"),
        ("Then", "Signs in with the password alone; votes count again after the time that a new role waits"),
    ]


def _execute(proposal: Proposal, at: datetime) -> Payload:
    # Whom the payload names by id is whom the votes were about, whatever address they have by now.
    user = _person(proposal.program, {"user": proposal.payload["user"]})
    return {"user": str(user.pk), "removed": reset_second_factor(user.pk, proposal=proposal, at=at)}
