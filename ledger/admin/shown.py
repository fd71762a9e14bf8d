"""How amounts and times stand on the ledger's pages."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core import validators

from identity.models import Program
from ledger import money, postings
from ledger.models import Asset


def grouped(amount: Decimal | None, asset: Asset, *, named: bool = False) -> str:
    """Return an amount as people read one: thousands apart, the digits of documents, and finer ones where there are."""
    if amount is None:
        return ""
    text = money.grouped(amount, places=asset.payable_scale)
    return f"{text} {asset.code}" if named else text


def kind_in_words(kind: str) -> str:
    """Return a transaction's kind as people say it."""
    return postings.in_words(kind)


class DayField(forms.DateField):
    """A day of our times: arithmetic with those at the ends of the calendar overflows."""

    default_validators: ClassVar[list[Any]] = [  # type: ignore[misc]
        validators.MinValueValidator(date(1970, 1, 1)),
        validators.MaxValueValidator(date(2999, 12, 31)),
    ]


class PeriodForm(forms.Form):
    """Between which days, both included, of the program's calendar."""

    since = DayField(required=False)
    until = DayField(required=False)

    def bounds(self, program: Program, *, at: datetime) -> tuple[date, date, datetime, datetime]:
        """Return the days, and the instants behind and up to which they reach; thirty days when none are given."""
        zone = ZoneInfo(program.time_zone)
        today = at.astimezone(zone).date()
        given = self.cleaned_data if self.is_valid() else {}
        until = given.get("until") or today
        since = given.get("since") or until - timedelta(days=30)
        return since, until, start_of(since, zone), min(start_of(until + timedelta(days=1), zone), at)


class IssueForm(forms.Form):
    """The first and the last day of a statement, in the program's calendar."""

    since = DayField()
    until = DayField()

    def bounds(self, program: Program) -> tuple[datetime, datetime]:
        """Return the instants behind and up to which the days reach."""
        zone = ZoneInfo(program.time_zone)
        return start_of(self.cleaned_data["since"], zone), end_of(self.cleaned_data["until"], program)


class AsOfForm(forms.Form):
    """As of the end of which day, and by which of the two times."""

    on = DayField(required=False)
    by = forms.ChoiceField(choices=[("booked", "Booked"), ("effective", "Effective")], required=False)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant before which everything is of an earlier day."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC) - timedelta(microseconds=1)


def end_of(day: date, program: Program) -> datetime:
    """Return the last instant of a day in the program's calendar."""
    return start_of(day + timedelta(days=1), ZoneInfo(program.time_zone))
