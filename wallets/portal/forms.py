"""What owners of wallets fill in."""

from typing import Any, Final
from uuid import uuid4

from django import forms

from ledger.admin.shown import DayField
from ledger.models import Asset
from ledger.money import ZERO
from ledger.movements import MEMO_AT_MOST, is_storable
from wallets.states import DestinationKind, TransactionType

# What the books hold before the point.
DIGITS_AT_MOST: Final = 20


class LinesForm(forms.Form):
    """Which transactions of a wallet."""

    type = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *TransactionType.choices])
    since = DayField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = DayField(label="To", required=False, widget=forms.DateInput({"type": "date"}))
    q = forms.CharField(
        label="Reference",
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search", "placeholder": "Id, receipt, key or words", "autocomplete": "off"}),
    )


class StatementForm(forms.Form):
    """The first and the last day of a statement, in the program's calendar."""

    since = DayField(label="First day", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = DayField(label="Last day", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class MoveForm(forms.Form):
    """How much leaves a wallet, and what for. The key makes it happen once, however often it is sent."""

    amount = forms.DecimalField()
    description = forms.CharField(
        label="Note",
        max_length=MEMO_AT_MOST,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Both of you read it.",
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, asset: Asset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = forms.DecimalField(
            label=f"Amount in {asset.code}",
            max_digits=DIGITS_AT_MOST + asset.scale,
            decimal_places=asset.scale,
            widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        amount = cleaned.get("amount")
        if amount is not None and amount <= ZERO:
            self.add_error("amount", "An amount is above zero.")
        for name in ("to", "payee", "description"):
            if not is_storable(cleaned.get(name) or ""):
                self.add_error(name, "This can't be stored as text.")
        if "key" in self.errors:
            self.add_error(None, "The form came back incomplete. Nothing was sent: look at it, and send it again.")
            self.renew_key()
        return cleaned

    def renew_key(self) -> None:
        """Let what is sent next be something else than what was sent before."""
        sent: Any = self.data
        self.data = sent.copy()
        self.data["key"] = str(uuid4())  # type: ignore[index]


class TransferForm(MoveForm):
    """To whom something is transferred."""

    to = forms.CharField(
        label="To",
        max_length=254,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        help_text="The e-mail address somebody signs in with here, or the address of their wallet.",
    )

    field_order = ("to", "amount", "description")


_AS_WRITTEN: Final[dict[str, str]] = {
    DestinationKind.MPESA: "A phone: 0712 345 678.",
    DestinationKind.BANK: "A bank: its code, a colon, the account.",
    DestinationKind.EVM: "A chain: the address there.",
}


class WithdrawForm(MoveForm):
    """Where money goes that is taken out."""

    kind = forms.ChoiceField(label="To")
    destination = forms.CharField(
        label="Number or address",
        max_length=120,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    holder = forms.CharField(
        label="Whose account",
        max_length=120,
        required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
        help_text="As the bank knows them; only a bank asks.",
    )

    field_order = ("amount", "kind", "destination", "holder")

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["description"]
        kind: Any = self.fields["kind"]
        kind.choices = kinds
        named = [code for code, _ in kinds]
        self.fields["destination"].help_text = " ".join(_AS_WRITTEN[code] for code in named)
        if DestinationKind.BANK not in named:
            del self.fields["holder"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in ("destination", "holder"):
            if not is_storable(cleaned.get(name) or ""):
                self.add_error(name, "This can't be stored as text.")
        return cleaned


class PayForm(MoveForm):
    """Who is paid."""

    payee = forms.CharField(
        label="To somebody else",
        max_length=120,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    field_order = ("amount", "payee", "description")

    def __init__(self, *args: Any, program_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payee"].help_text = "The address of a wallet. Left empty, the program is paid."
