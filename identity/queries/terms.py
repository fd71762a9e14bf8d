"""What a program pays, and when."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from identity import rules
from identity.errors import NoTerms
from identity.models import Program, ProgramTerms


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """Terms with the time they hold: never, when others replaced them before they began."""

    terms: ProgramTerms
    span: rules.Span

    def state(self, *, at: datetime) -> str:
        """Return where they stand: `replaced`, `planned`, `in force` or `past`."""
        if not self.span.ever_holds:
            return "replaced"
        if self.span.start > at:
            return "planned"
        return "in force" if self.span.end is None or self.span.end > at else "past"


def terms_at(program: Program, moment: datetime) -> ProgramTerms:
    """Return the terms that hold at ``moment``.

    :raises NoTerms: if there are none by then.
    """
    terms: ProgramTerms | None = program.terms.in_force(at=moment).first()
    if terms is None:
        raise NoTerms(program=program.name, at=moment.isoformat())
    return terms


def dated_terms(program: Program) -> list[DatedTerms]:
    """Return all that was decided, the latest first, each with the time it holds."""
    rows = {terms.number: terms for terms in program.terms.all()}
    dated = rules.spans((number, terms.valid_from) for number, terms in rows.items())
    return [DatedTerms(rows[span.number], span) for span in reversed(dated)]


def with_rates(programs: QuerySet[Program], *, at: datetime) -> QuerySet[Program]:
    """Give each program the two rates that hold at ``at``, null where it has none."""
    holding = ProgramTerms.objects.filter(program=OuterRef("pk")).in_force(at=at)
    return programs.annotate(
        base_commission_rate=Subquery(holding.values("base_commission_rate")[:1]),
        override_commission_rate=Subquery(holding.values("override_commission_rate")[:1]),
    )
