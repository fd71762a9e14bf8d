"""Changing what a tier or an affiliate earns."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from affiliates import rules
from affiliates.errors import BadRates, RatesChanged, RatesReachBack
from affiliates.models import Affiliate, Tier
from affiliates.operations import record_rate
from affiliates.queries import people
from identity import rules as identity_rules
from identity.kinds import Prepared, ProposalKind, register_kind
from identity.models import Program, Proposal
from identity.proposable.terms import in_words
from identity.states import Role
from identity.values import RATE, NotAValue

Payload = Mapping[str, Any]

CHANGE_RATE: Final = "affiliates.change_rate"
RATES: Final = {"direct_rate": "Direct commission", "override_rate": "Override commission"}


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=CHANGE_RATE,
            label="Change the rates of a tier or an affiliate",
            permission_to_propose="terms.propose",
            bands=(identity_rules.Band(Decimal(0), 1, frozenset({Role.OWNER.value})),),
            check=_check,
            prepare=_prepare,
            describe=_describe,
            execute=_execute,
        )
    )


def _check(program: Program, payload: Payload) -> None:
    rates = _rates(payload)
    said = [Decimal(rate) for rate in rates.values() if rate is not None]
    if len(said) == 1:
        raise BadRates(reason="give both rates, or neither")
    if sum(said) > 1:
        raise BadRates(reason="the two rates are more than 1 together")
    _subject(program, payload)
    begins, now = _begins(payload), timezone.now()
    earliest = now + identity_rules.TERMS_LEAD
    if begins is not None and begins < earliest:
        raise RatesReachBack(valid_from=begins.isoformat(), earliest=earliest.isoformat())
    if begins is not None and begins > now + identity_rules.TERMS_PLANNED_AT_MOST:
        raise BadRates(reason="they begin more than ten years from now")


def _prepare(program: Program, payload: Payload) -> Prepared:
    subject, begins = _subject(program, payload), _begins(payload)
    latest = subject.rates.order_by("-number").first()
    stands = "As without rates of its own"
    if latest is not None and latest.direct_rate is not None and latest.override_rate is not None:
        stands = f"{rules.percent(latest.direct_rate)} and {rules.percent(latest.override_rate)}"
    return Prepared(
        {
            **_rates(payload),
            "tier": str(subject.pk) if isinstance(subject, Tier) else None,
            "affiliate": str(subject.pk) if isinstance(subject, Affiliate) else None,
            "of": f"Tier {subject}" if isinstance(subject, Tier) else f"Affiliate {subject}",
            "valid_from": begins.isoformat() if begins else None,
            "begins": in_words(begins, program) if begins else "As soon as it is agreed on, within two minutes",
            "stands": stands,
            "after": latest.number if latest else 0,
        }
    )


def _describe(payload: Payload) -> list[tuple[str, str]]:
    return [
        ("Whose", payload["of"]),
        ("As it stands", payload["stands"]),
        *(
            (label, rules.percent(Decimal(payload[name])) if payload[name] is not None else "As without rates")
            for name, label in RATES.items()
        ),
        ("From", payload["begins"]),
    ]


def _execute(proposal: Proposal, at: datetime) -> Payload:
    payload = proposal.payload
    subject = _subject(proposal.program, payload)
    if subject.rates.filter(number__gt=payload["after"]).exists():
        raise RatesChanged
    rate = record_rate(
        program_id=proposal.program_id,
        tier_id=UUID(payload["tier"]) if payload["tier"] else None,
        affiliate_id=UUID(payload["affiliate"]) if payload["affiliate"] else None,
        **{name: Decimal(payload[name]) if payload[name] is not None else None for name in RATES},
        valid_from=datetime.fromisoformat(payload["valid_from"]) if payload["valid_from"] else None,
        reason=f"Proposal {proposal.pk}: {proposal.reason}"[:500],
        at=at,
    )
    return {"rate": str(rate.pk), "number": rate.number, "valid_from": rate.valid_from.isoformat()}


def _subject(program: Program, payload: Payload) -> Tier | Affiliate:
    named = {name: payload.get(name) for name in ("tier", "affiliate") if payload.get(name) is not None}
    if len(named) != 1:
        raise BadRates(reason="name a tier or an affiliate")
    [(name, said)] = named.items()
    try:
        pk = UUID(str(said))
    except ValueError:
        raise BadRates(reason=f"{name} is an id") from None
    if name == "tier":
        return people.tier_of(pk, program_id=program.pk)
    return people.affiliate_of(pk, program_id=program.pk)


def _rates(payload: Payload) -> dict[str, str | None]:
    rates: dict[str, str | None] = {}
    for name in RATES:
        try:
            rates[name] = str(RATE.read(payload[name])) if payload.get(name) is not None else None
        except NotAValue as no:
            raise BadRates(reason=f"{name} {no}") from None
    return rates


def _begins(payload: Payload) -> datetime | None:
    sent = payload.get("valid_from")
    if sent is None:
        return None
    try:
        begins = datetime.fromisoformat(sent)
        if begins.tzinfo is not None:
            return begins.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise BadRates(reason='valid_from is a moment with its zone, such as "2027-01-01T00:00:00+03:00", or null')
