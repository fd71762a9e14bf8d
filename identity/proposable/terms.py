"""Changing what a program pays."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from identity import rules
from identity.errors import RatesMakeNoSense, TermsChanged, TermsReachBack
from identity.kinds import Prepared, ProposalKind, register_kind
from identity.models import Program, Proposal
from identity.operations import record_terms
from identity.queries.terms import dated_terms
from identity.states import Role
from identity.values import RATE, NotAValue

Payload = Mapping[str, Any]

CHANGE_TERMS = "identity.change_terms"
RATES: Final = {"base_commission_rate": "Base commission", "override_commission_rate": "Override commission"}


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=CHANGE_TERMS,
            label="Change commission rates",
            permission_to_propose="terms.propose",
            bands=(rules.Band(Decimal(0), 1, frozenset({Role.OWNER.value})),),
            check=_check,
            prepare=_prepare,
            describe=_describe,
            execute=_execute,
        )
    )


def _check(program: Program, payload: Payload) -> None:
    if sum(Decimal(rate) for rate in _rates(payload).values()) > 1:
        raise RatesMakeNoSense(reason="the two rates are more than 1 together")
    begins, now = _begins(payload), timezone.now()
    earliest = now + rules.TERMS_LEAD if program.terms.exists() else program.created_at
    if begins is not None and begins < earliest:
        raise TermsReachBack(valid_from=begins.isoformat(), earliest=earliest.isoformat())
    if begins is not None and begins > now + rules.TERMS_PLANNED_AT_MOST:
        raise RatesMakeNoSense(reason="they begin more than ten years from now")


def _prepare(program: Program, payload: Payload) -> Prepared:
    begins = _begins(payload)
    known = dated_terms(program)
    return Prepared(
        {
            **_rates(payload),
            "valid_from": begins.isoformat() if begins else None,
            # What a voter reads stands in the wording: what holds, what is planned, and the hour where the program is.
            "begins": in_words(begins, program) if begins else "As soon as it is agreed on, within two minutes",
            "stands": _stands(program, at=timezone.now()),
            "after": known[0].terms.number if known else 0,
        }
    )


def _describe(payload: Payload) -> list[tuple[str, str]]:
    return [
        ("As it stands", payload["stands"]),
        *((label, percent(Decimal(payload[name]))) for name, label in RATES.items()),
        ("From", payload["begins"]),
    ]


def _execute(proposal: Proposal, at: datetime) -> Payload:
    payload = proposal.payload
    program = Program.objects.select_for_update(no_key=True, of=("self",)).get(pk=proposal.program_id)
    if program.terms.filter(number__gt=payload["after"]).exists():
        raise TermsChanged
    terms = record_terms(
        program=program,
        **{name: Decimal(payload[name]) for name in RATES},
        valid_from=datetime.fromisoformat(payload["valid_from"]) if payload["valid_from"] else None,
        reason=f"Proposal {proposal.pk}: {proposal.reason}"[:500],
        at=at,
    )
    return {"terms": str(terms.pk), "number": terms.number, "valid_from": terms.valid_from.isoformat()}


def _rates(payload: Payload) -> dict[str, str]:
    rates = {}
    for name in RATES:
        try:
            rates[name] = str(RATE.read(payload.get(name)))
        except NotAValue as no:
            raise RatesMakeNoSense(reason=f"{name} {no}") from None
    return rates


def _begins(payload: Payload) -> datetime | None:
    sent = payload.get("valid_from")
    if sent is None:
        return None
    try:
        begins = datetime.fromisoformat(sent)
        # Noon where? Without a zone it is a moment for each reader.
        if begins.tzinfo is not None:
            return begins.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise RatesMakeNoSense(reason='valid_from is a moment with its zone, such as "2027-01-01T00:00:00+03:00", or null')


def _stands(program: Program, *, at: datetime) -> str:
    known = [dated for dated in dated_terms(program) if dated.state(at=at) in ("in force", "planned")]
    said = [
        f"{percent(dated.terms.base_commission_rate)} and {percent(dated.terms.override_commission_rate)}"
        f"{'' if dated.state(at=at) == 'in force' else f' from {in_words(dated.span.start, program)}'}"
        for dated in reversed(known)
    ]
    return "; then ".join(said) or "No rates"


def percent(rate: Decimal) -> str:
    """Return a fraction as people read it."""
    return f"{(rate * 100).normalize():f} %"


def in_words(moment: datetime, program: Program) -> str:
    """Return a moment in the program's time zone, and in UTC where that differs."""
    local = moment.astimezone(ZoneInfo(program.time_zone))
    said = f"{local:%-d %b %Y, %H:%M %Z}"
    return said if local.utcoffset() == moment.astimezone(UTC).utcoffset() else f"{said} ({moment:%-d %b, %H:%M} UTC)"
