"""What the dialogs of wallets ask for."""

from typing import Any
from uuid import uuid4

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from ledger.models import Asset
from ledger.money import ZERO
from wallets.queries.checking import KEY_AT_MOST, REASON_AT_MOST
from wallets.states import WalletState

DIGITS_AT_MOST = 20


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(max_length=REASON_AT_MOST, widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}))


class StateForm(ReasonForm):
    """The next state of a wallet, and why."""

    to = forms.ChoiceField(choices=WalletState.choices)


class _AmountForm(ReasonForm):
    """How much, and why; the key makes it happen once, however often the button is pressed."""

    amount = forms.DecimalField()
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    field_order = ("direction", "amount", "to", "reason", "key")

    def __init__(self, *args: Any, asset: Asset, amount_is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = forms.DecimalField(
            label=f"Amount in {asset.code}",
            max_digits=DIGITS_AT_MOST + asset.scale,
            decimal_places=asset.scale,
            required=amount_is_required,
            widget=UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"}),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        amount = cleaned.get("amount")
        if amount is not None and amount <= ZERO:
            self.add_error("amount", "An amount is above zero.")
        if "key" in self.errors:
            sent: Any = self.data
            self.data = sent.copy()
            self.data["key"] = str(uuid4())  # type: ignore[index]
            self.add_error(None, "The form came back incomplete. Nothing was changed: look at it, and send it again.")
        return cleaned


class AdjustForm(_AmountForm):
    """How a wallet is put right."""

    direction = forms.ChoiceField(
        choices=[("add", "Add to the wallet"), ("take", "Take from the wallet")], widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "The wallet's owner reads it too."


class RefundForm(_AmountForm):
    """How much of a payment goes back, and where to."""

    to = forms.ChoiceField(label="Back", required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, rail: str, **kwargs: Any) -> None:
        super().__init__(*args, amount_is_required=False, **kwargs)
        self.fields["amount"].help_text = "Left empty, all that is left."
        self.fields["reason"].help_text = "The payer reads it too."
        ways = [("", "Into the payer's wallet"), *([(rail, f"Through {rail}, to where it came from")] if rail else [])]
        self.fields["to"] = forms.ChoiceField(
            label="Back", required=False, choices=ways, widget=UnfoldAdminSelectWidget
        )  # fmt: skip


class ProvenForm(ReasonForm):
    """What proves that a payment came, where no rail can say."""

    receipt = forms.CharField(
        max_length=KEY_AT_MOST,
        help_text="What the rail calls it, as it stands on its statement.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )

    field_order = ("receipt", "reason")
