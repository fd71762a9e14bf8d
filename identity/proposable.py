"""What identity lets two people decide: granting roles that move money, and the policies of approval themselves."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from identity import rules
from identity.errors import MembershipExists, PolicyMakesNoSense, PolicyUnsatisfiable, UnknownPerson, UnknownRole
from identity.kinds import ProposalKind, kind_named, register_kind
from identity.models import ApprovalPolicy, Membership, Program, Proposal, User
from identity.operations import add_membership
from identity.queries import possible_voters
from identity.states import Role

Payload = Mapping[str, Any]

GRANT_ROLE = "identity.grant_role"
CHANGE_POLICY = "identity.change_policy"

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
        voters = possible_voters(program=program, roles=band.roles, makers=set(), at=None)
        # One of them may be the maker, and a maker has no vote.
        if len(voters) - 1 < band.votes:
            raise PolicyUnsatisfiable(needed=band.votes, roles=sorted(band.roles), available=max(0, len(voters) - 1))


def _bands(payload: Payload) -> tuple[rules.Band, ...]:
    try:
        bands = rules.read_bands(payload["bands"])
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError):
        raise PolicyMakesNoSense(reason="every band has `above`, `votes` and `roles`") from None
    if not bands or bands[0].above != 0 or any(not band.above.is_finite() for band in bands):
        raise PolicyMakesNoSense(reason="the first band begins above 0")
    if any(later.above <= earlier.above for earlier, later in pairwise(bands)):
        raise PolicyMakesNoSense(reason="the amounts must rise")
    if any(band.votes < 1 or not band.roles or not band.roles <= rules.STAFF_ROLES for band in bands):
        raise PolicyMakesNoSense(reason="every band asks for at least one vote of staff roles")
    return bands


def _describe_policy(payload: Payload) -> list[tuple[str, str]]:
    lines = [("What", kind_named(str(payload["kind"])).label)]
    for band in _bands(payload):
        roles = ", ".join(sorted(Role(role).label for role in band.roles))
        lines.append((f"Above {band.above}", f"{band.votes} of {roles}"))
    return lines


def _change_policy(proposal: Proposal, at: datetime) -> Payload:
    _check_policy(proposal.program, proposal.payload)
    policy = ApprovalPolicy.objects.create(
        program=proposal.program, kind=proposal.payload["kind"], valid_from=at, bands=proposal.payload["bands"]
    )
    return {"policy": str(policy.pk)}
