"""What the dialogs of payouts ask for."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from affiliates.errors import UnknownAffiliate
from affiliates.models import Affiliate
from affiliates.queries.people import affiliate_by_code
from identity.models import Program
from ledger.models import Asset
from ledger.states import AssetKind
from payouts.proposable.outcomes import OUTCOMES
from wallets.admin.forms import ReasonForm

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class BatchForm(forms.Form):
    """A batch to begin."""

    program = forms.ModelChoiceField(
        Program.objects.none(), to_field_name="slug", empty_label=None, widget=UnfoldAdminSelectWidget
    )
    asset = forms.ModelChoiceField(
        Asset.objects.exclude(kind=AssetKind.POINTS).order_by("code"), to_field_name="code", empty_label=None,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    note = forms.CharField(
        max_length=200, required=False, widget=UnfoldAdminTextInputWidget(_PLAIN), help_text="What people call it."
    )
    accounts = forms.CharField(
        label="Pay from",
        max_length=400,
        required=False,
        widget=UnfoldAdminTextInputWidget(_PLAIN),
        help_text="Names of rail accounts, with commas. Empty: whichever there is.",
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, programs: Iterable[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["program"]
        field.queryset = Program.objects.filter(pk__in=[program.pk for program in programs]).order_by("name")

    def clean_accounts(self) -> list[str]:
        """Return the names."""
        return [name.strip() for name in self.cleaned_data["accounts"].split(",") if name.strip()]


class AddForm(forms.Form):
    """An affiliate to put in."""

    code = forms.CharField(label="Referral code", max_length=40, widget=UnfoldAdminTextInputWidget(_PLAIN))

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._program = program

    def clean_code(self) -> Affiliate:
        """Return who has it."""
        try:
            return affiliate_by_code(self.cleaned_data["code"], program_id=self._program.pk)
        except UnknownAffiliate as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class SubmitForm(ReasonForm):
    """Why a batch is put before others."""

    waits_for_float = forms.BooleanField(
        label="Submit it even if there is too little money at a rail: what can't be paid then waits.", required=False
    )


class ResolveForm(ReasonForm):
    """What came of a payout, and what shows it."""

    field_order = ("outcome", "receipt", "reason")

    outcome = forms.ChoiceField(choices=list(OUTCOMES.items()), widget=UnfoldAdminSelectWidget)
    receipt = forms.CharField(
        max_length=200, required=False, widget=UnfoldAdminTextInputWidget(_PLAIN), help_text="If it was paid."
    )


class StopForm(ReasonForm):
    """Whose payouts are stopped, or go on, and why."""

    field_order = ("program", "reason")

    program = forms.ModelChoiceField(
        Program.objects.none(), to_field_name="slug", empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, programs: Iterable[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["program"]
        field.queryset = Program.objects.filter(pk__in=[program.pk for program in programs]).order_by("name")
