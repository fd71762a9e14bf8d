"""What identity lets two people decide: granting roles that move money, and the policies of approval themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from identity import rules
from identity.errors import (
    KeyMakesNoSense,
    KeyNeedsNoProposal,
    MembershipExists,
    PolicyMakesNoSense,
    PolicyUnsatisfiable,
    UnknownPerson,
    UnknownRole,
    UnknownScope,
)
from identity.kinds import ProposalKind, kind_named, register_kind
from identity.models import ApprovalPolicy, Membership, Program, Proposal, User
from identity.operations import add_membership, prepare_api_key
from identity.proposable import second_factors, settings, terms
from identity.queries import possible_voters
from identity.queries.settings import setting
from identity.states import Role

Payload = Mapping[str, Any]

GRANT_ROLE = "identity.grant_role"
CHANGE_POLICY = "identity.change_policy"
CREATE_MONEY_KEY = "identity.create_money_key"

_ONE_OWNER = (rules.Band(Decimal(0), 1, frozenset({Role.OWNER.value})),)


def register() -> None:
    """Let these be proposed."""
    register_kind(
        ProposalKind(
            name=GRANT_ROLE,
            label="Grant a role",
            permission_to_propose="membership.propose",
            bands=_ONE_OWNER,
            check=_check_grant,
            describe=_describe_grant,
            execute=_grant,
        )
    )
    register_kind(
        ProposalKind(
            name=CHANGE_POLICY,
            label="Change an approval policy",
            permission_to_propose="policy.propose",
            bands=_ONE_OWNER,
            check=_check_policy,
            describe=_describe_policy,
            execute=_change_policy,
        )
    )
    register_kind(
        ProposalKind(
            name=CREATE_MONEY_KEY,
            label="Make an API key that moves money",
            permission_to_propose="key.manage",
            bands=_ONE_OWNER,
            check=_check_money_key,
            describe=_describe_money_key,
            execute=_prepare_money_key,
        )
    )
    second_factors.register()
    settings.register()
    terms.register()


def _check_grant(program: Program, payload: Payload) -> None:
    if payload.get("role") not in Role.values:
        raise UnknownRole(role=str(payload.get("role")))
    user = User.objects.filter(email=payload.get("email"), is_active=True).first()
    if user is None:
        raise UnknownPerson
    if Membership.objects.filter(user=user, program=program, role=payload["role"]).exists():
        raise MembershipExists(role=Role(payload["role"]).label, program=program.slug)


def _describe_grant(payload: Payload) -> list[tuple[str, str]]:
    return [("Person", str(payload["email"])), ("Role", Role(payload["role"]).label)]


def _grant(proposal: Proposal, at: datetime) -> Payload:
    _check_grant(proposal.program, proposal.payload)
    user = User.objects.get(email=proposal.payload["email"])
    membership = add_membership(user=user, program=proposal.program, role=Role(proposal.payload["role"]), at=at)
    return {"membership": str(membership.pk)}


def _check_policy(program: Program, payload: Payload) -> None:
    kind_named(str(payload.get("kind")))
    bands = _bands(payload)
    for band in bands:
        voters = possible_voters(program=program, roles=band.roles, barred=(), at=None)
        # One of them may be the maker, and a maker has no vote.
        if len(voters) - 1 < band.votes:
            raise PolicyUnsatisfiable(needed=band.votes, roles=sorted(band.roles), available=max(0, len(voters) - 1))


def _bands(payload: Payload) -> tuple[rules.Band, ...]:
    try:
        bands = rules.read_bands(payload["bands"])
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError):
        raise PolicyMakesNoSense(reason="every band has `above`, `votes` and `roles`") from None
    if any(not band.above.is_finite() for band in bands) or not any(band.asset == "" for band in bands):
        raise PolicyMakesNoSense(reason="the first band begins above 0")
    for asset in {band.asset for band in bands}:
        of_asset = [band for band in bands if band.asset == asset]
        if of_asset[0].above != 0:
            raise PolicyMakesNoSense(reason="the first band begins above 0")
        if any(later.above <= earlier.above for earlier, later in pairwise(of_asset)):
            raise PolicyMakesNoSense(reason="the amounts must rise")
    if any(band.votes < 1 or not band.roles or not band.roles <= rules.STAFF_ROLES for band in bands):
        raise PolicyMakesNoSense(reason="every band asks for at least one vote of staff roles")
    return bands


def _describe_policy(payload: Payload) -> list[tuple[str, str]]:
    lines = [("What", kind_named(str(payload["kind"])).label)]
    for band in _bands(payload):
        roles = ", ".join(sorted(Role(role).label for role in band.roles))
        lines.append((f"Above {band.above} {band.asset}".rstrip(), f"{band.votes} of {roles}"))
    return lines


def _change_policy(proposal: Proposal, at: datetime) -> Payload:
    _check_policy(proposal.program, proposal.payload)
    policy = ApprovalPolicy.objects.create(
        program=proposal.program, kind=proposal.payload["kind"], valid_from=at, bands=proposal.payload["bands"]
    )
    return {"policy": str(policy.pk)}


def _check_money_key(program: Program, payload: Payload) -> None:
    name, scopes, days = payload.get("name"), payload.get("scopes"), payload.get("days")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 120:
        raise KeyMakesNoSense(reason="a name has 1 to 120 characters")
    # Days and not an instant: a vote that takes a week must not find the key expired.
    most = setting("identity.key_days_at_most", program)
    if type(days) is not int or not 1 <= days <= most:
        raise KeyMakesNoSense(reason=f"it lasts 1 to {most} whole days")
    if not isinstance(scopes, list) or any(not isinstance(scope, str) for scope in scopes):
        raise KeyMakesNoSense(reason="scopes are a list of names")
    unknown = sorted(set(scopes) - rules.KEY_SCOPES)
    if unknown:
        raise UnknownScope(scopes=unknown, known=sorted(rules.KEY_SCOPES))
    if not rules.MONEY_SCOPES.intersection(scopes):
        raise KeyNeedsNoProposal


def _describe_money_key(payload: Payload) -> list[tuple[str, str]]:
    return [
        ("Name", str(payload["name"])),
        ("May", ", ".join(payload["scopes"])),
        ("Lasts", f"{payload['days']} days from the approval"),
    ]


def _prepare_money_key(proposal: Proposal, at: datetime) -> Payload:
    payload = proposal.payload
    _check_money_key(proposal.program, payload)
    maker = proposal.makers.select_related("user").order_by("revision", "at", "pk")[0].user
    key = prepare_api_key(
        program=proposal.program,
        name=payload["name"],
        scopes=payload["scopes"],
        expires_at=at + timedelta(days=payload["days"]),
        by=maker,
        at=at,
    )
    return {"api_key": str(key.pk)}
