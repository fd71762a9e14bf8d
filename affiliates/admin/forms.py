"""What the dialogs of affiliates ask for."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from affiliates.errors import UnknownAffiliate
from affiliates.models import Tier
from affiliates.queries.people import affiliate_by_code
from identity.models import Program
from ledger.admin.shown import DayField
from ledger.models import Asset
from ledger.money import ZERO
from ledger.states import AssetKind
from wallets.admin.forms import DIGITS_AT_MOST, ReasonForm

_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false"}


class _Month(UnfoldAdminTextInputWidget):
    input_type = "month"


class _Day(UnfoldAdminTextInputWidget):
    input_type = "date"


class _Moment(UnfoldAdminTextInputWidget):
    input_type = "datetime-local"


class OnceForm(ReasonForm):
    """Something with a reason that happens once, however often the button is pressed."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "key" in self.errors:
            sent: Any = self.data
            again = sent.copy()
            again["key"] = str(uuid4())
            self.data = again
            self.add_error(None, "The form came back incomplete. Nothing was changed: look at it, and send it again.")
        return cleaned


class AmountForm(OnceForm):
    """How much of a settlement is taken back, or won back."""

    field_order = ("amount", "reason", "key")

    def __init__(self, *args: Any, asset: Asset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = forms.DecimalField(
            label=f"Amount in {asset.code}", max_digits=DIGITS_AT_MOST + asset.scale, decimal_places=asset.scale,
            widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"}),
        )  # fmt: skip
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        amount = cleaned.get("amount")
        if amount is not None and amount <= ZERO:
            self.add_error("amount", "An amount is above zero.")
        return cleaned


class AdjustForm(OnceForm):
    """What is added to an affiliate's earnings, or taken from them."""

    direction = forms.ChoiceField(
        choices=[("add", "Add to what they earned"), ("take", "Take from what they earned")],
        widget=UnfoldAdminSelectWidget,
    )
    asset = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    amount = forms.DecimalField(
        max_digits=38, decimal_places=18,
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip

    field_order = ("direction", "asset", "amount", "reason", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = Asset.objects.exclude(kind=AssetKind.POINTS).order_by("code").values_list("code", flat=True)
        self.fields["asset"] = forms.ChoiceField(
            choices=[(code, code) for code in codes], widget=UnfoldAdminSelectWidget
        )
        self.fields["reason"].help_text = "The affiliate reads it too."
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        amount = cleaned.get("amount")
        if amount is not None and amount <= ZERO:
            self.add_error("amount", "An amount is above zero.")
        return cleaned


class MoveForm(ReasonForm):
    """Under whom and in which tier an affiliate stands."""

    parent = forms.CharField(
        label="Under", max_length=40, required=False, widget=UnfoldAdminTextInputWidget(_PLAIN),
        help_text="A referral code. Left empty, they stand at the top.",
    )  # fmt: skip
    tier = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)

    field_order = ("parent", "tier", "reason")

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._program = program
        tiers = [(str(tier.pk), str(tier)) for tier in Tier.objects.filter(program=program)]
        self.fields["tier"] = forms.ChoiceField(
            required=False, choices=[("", "None"), *tiers], widget=UnfoldAdminSelectWidget
        )
        self.order_fields(self.field_order)

    def clean_parent(self) -> UUID | None:
        said = self.cleaned_data["parent"].strip()
        if not said:
            return None
        try:
            return affiliate_by_code(said, program_id=self._program.pk).pk
        except UnknownAffiliate:
            raise forms.ValidationError("Nobody in this program has this code.") from None

    def clean_tier(self) -> UUID | None:
        return UUID(self.cleaned_data["tier"]) if self.cleaned_data["tier"] else None


def _fraction(said: str) -> Decimal:
    try:
        rate = Decimal(said.strip().removesuffix("%").strip())
    except ArithmeticError:
        rate = Decimal("NaN")
    if not rate.is_finite() or not 0 <= rate <= 100 or rate != round(rate, 4):
        raise forms.ValidationError("This is a number from 0 to 100 with at most four decimal places.")
    return rate / 100


def _rate(label: str, *, required: bool) -> forms.CharField:
    return forms.CharField(
        label=f"{label}, per cent", max_length=12, required=required, widget=UnfoldAdminTextInputWidget(_PLAIN)
    )


class RateForm(ReasonForm):
    """Two rates per cent, and when they begin where the program is."""

    direct = _rate("Direct commission", required=False)
    override = _rate("Override commission", required=False)
    valid_from = forms.CharField(required=False, max_length=30, widget=_Moment)

    field_order = ("direct", "override", "valid_from", "reason")

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(program.time_zone)
        self.fields["override"].help_text = "Both left empty, what would hold without rates of its own."
        self.fields["valid_from"].label = f"Begins, in the time of {program.time_zone}"
        self.fields["valid_from"].help_text = "Empty: as soon as it is agreed on."

    def clean_direct(self) -> str | None:
        return self._said("direct")

    def clean_override(self) -> str | None:
        return self._said("override")

    def clean_valid_from(self) -> str | None:
        typed = self.cleaned_data["valid_from"]
        if not typed:
            return None
        try:
            moment = datetime.fromisoformat(typed)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).isoformat()
        except (ValueError, OverflowError):
            raise forms.ValidationError("This is a day and a time, such as 2027-01-01 00:00.") from None

    def _said(self, name: str) -> str | None:
        said = self.cleaned_data[name]
        return f"{_fraction(said).normalize():f}" if said.strip() else None


class ProgramForm(forms.Form):
    """Of which program."""

    def __init__(self, *args: Any, programs: Iterable[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._programs = {program.slug: program for program in programs}
        self.fields["program"] = forms.ChoiceField(
            choices=[(slug, str(program)) for slug, program in self._programs.items()], widget=UnfoldAdminSelectWidget
        )
        self.order_fields(("program",))

    def clean_program(self) -> Program:
        return self._programs[self.cleaned_data["program"]]


class TierForm(ProgramForm):
    """A tier to be."""

    name = forms.CharField(max_length=60, widget=UnfoldAdminTextInputWidget(_PLAIN))


class WhatIfForm(ProgramForm):
    """Rates that might hold, for whom, and over which past days."""

    of = forms.CharField(
        label="Of", max_length=80, required=False, widget=UnfoldAdminTextInputWidget(_PLAIN),
        help_text="A tier's name or an affiliate's code. Left empty, the whole program.",
    )  # fmt: skip
    direct = _rate("Direct commission", required=True)
    override = _rate("Override commission", required=True)
    since = DayField(label="First day", widget=_Day)
    until = DayField(label="Last day", widget=_Day)

    def clean_direct(self) -> Decimal:
        return _fraction(self.cleaned_data["direct"])

    def clean_override(self) -> Decimal:
        return _fraction(self.cleaned_data["override"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("direct", ZERO) + cleaned.get("override", ZERO) > 1:
            self.add_error("override", "Both together are at most 100.")
        program, of = cleaned.get("program"), (cleaned.get("of") or "").strip().replace("\0", "")
        if program is not None and of:
            cleaned["tier"] = Tier.objects.filter(program=program, name__iexact=of).first()
            if cleaned["tier"] is None:
                try:
                    cleaned["affiliate"] = affiliate_by_code(of, program_id=program.pk)
                except UnknownAffiliate:
                    self.add_error("of", "There is no tier and no affiliate of this name.")
        return cleaned


class MonthForm(ProgramForm):
    """A month of a program's calendar."""

    month = forms.CharField(max_length=7, widget=_Month)

    def clean_month(self) -> tuple[int, int]:
        try:
            first = datetime.strptime(self.cleaned_data["month"], "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            raise forms.ValidationError("This is a month, such as 2027-01.") from None
        if not 1970 < first.year < 2999:
            raise forms.ValidationError("This is no month of ours.")
        return first.year, first.month

    def bounds(self) -> tuple[datetime, datetime]:
        """Return the first moment of the month, and the first one after it."""
        zone = ZoneInfo(self.cleaned_data["program"].time_zone)
        year, month = self.cleaned_data["month"]
        start = datetime(year, month, 1, tzinfo=zone)
        return start, (start + timedelta(days=31)).replace(day=1)
