"""Which rates held, for whom, and when: an affiliate's own before its tier's, and its tier's before the program's."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from affiliates.models import Rate
from affiliates.queries.people import one_of
from affiliates.rules import Dated, Rates, holding
from identity.errors import NoTerms
from identity.models import ProgramTerms


class RateBook:
    """The rates of some affiliates, tiers and programs, read at once and asked as often as one likes."""

    def __init__(self, *, affiliates: Collection[UUID], tiers: Collection[UUID], programs: Collection[UUID]) -> None:
        self._affiliates: dict[UUID, list[Dated]] = {}
        self._tiers: dict[UUID, list[Dated]] = {}
        self._programs: dict[UUID, list[Dated]] = {}
        rows = (
            Rate.objects.filter(Q(one_of("affiliate", affiliates)) | Q(one_of("tier", tiers)))
            .select_related("tier")
            .order_by()
        )
        for row in rows:
            if row.affiliate_id is not None:
                self._affiliates.setdefault(row.affiliate_id, []).append(dated(row, said_by="the affiliate's own"))
            elif row.tier is not None:
                said_by = f"of the tier {row.tier.name}"
                self._tiers.setdefault(row.tier.pk, []).append(dated(row, said_by=said_by))
        for terms in ProgramTerms.objects.filter(program__in=programs).order_by():
            rates = Rates(terms.base_commission_rate, terms.override_commission_rate, "the program's")
            self._programs.setdefault(terms.program_id, []).append(Dated(terms.number, terms.valid_from, rates))

    def has_own(self, affiliate_id: UUID, moment: datetime) -> bool:
        """Whether the affiliate had rates of its own at a moment."""
        return holding(self._affiliates.get(affiliate_id, ()), at=moment) is not None

    def tier_has_own(self, tier_id: UUID | None, moment: datetime) -> bool:
        """Whether the tier, if there is one, had rates of its own at a moment."""
        return tier_id is not None and holding(self._tiers.get(tier_id, ()), at=moment) is not None

    def at(self, moment: datetime, *, affiliate_id: UUID, tier_id: UUID | None, program_id: UUID) -> Rates:
        """Return the rates that an affiliate in a tier had at a moment.

        :raises NoTerms: if the program has none, and nobody else had any.
        """
        own = holding(self._affiliates.get(affiliate_id, ()), at=moment)
        if own is None and tier_id is not None:
            own = holding(self._tiers.get(tier_id, ()), at=moment)
        terms = self._programs.get(program_id, ())
        # What was paid before a program had any terms is earned by its first: money is a fact, and has its rates.
        found = (
            own
            or holding(terms, at=moment)
            or holding(terms, at=min((one.valid_from for one in terms), default=moment))
        )
        if found is None:
            raise NoTerms(program=program_id, at=moment.isoformat())
        return found


def dated(row: Rate, *, said_by: str) -> Dated:
    """Return a row as it is reckoned with."""
    if row.direct_rate is None or row.override_rate is None:
        return Dated(row.number, row.valid_from, None)
    return Dated(row.number, row.valid_from, Rates(row.direct_rate, row.override_rate, said_by))
