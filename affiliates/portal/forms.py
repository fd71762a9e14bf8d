"""What members and affiliates fill in."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms

from affiliates import rules
from affiliates.errors import UnknownAffiliate
from affiliates.queries.people import affiliate_by_code
from affiliates.states import CommissionState, CommissionType, MethodKind
from identity.models import Program, WalletAddress
from ledger.admin.shown import DayField
from ledger.money import ZERO
from ledger.movements import is_storable

_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class _CodeForm(forms.Form):
    """A form that asks who brought or invited somebody."""

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program

    def _known_code(self, said: str) -> str:
        """Return the code as it is kept; what came with a link is never in the way."""
        if not said or said == self.initial.get("code"):
            return said
        try:
            return affiliate_by_code(said, program_id=self.program.pk).code
        except UnknownAffiliate:
            raise forms.ValidationError("Nobody here has this code. Leave it empty if nobody invited you.") from None


class RegisterForm(_CodeForm):
    """With which address somebody registers, and who brought them."""

    address = forms.ChoiceField(label="Your wallet address")
    code = forms.CharField(
        label="Invitation code", max_length=40, required=False, widget=forms.TextInput(_PLAIN),
        help_text="Of who invited you, if somebody did. It is decided now, and does not change later.",
    )  # fmt: skip

    def __init__(self, *args: Any, addresses: Sequence[WalletAddress], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"] = forms.ChoiceField(
            label="Your wallet address", choices=[(one.address, one.shown) for one in addresses],
            help_text="What you pay from. It is yours: you signed for it.",
        )  # fmt: skip

    def clean_code(self) -> str:
        return self._known_code(self.cleaned_data["code"].strip().lower())


class ClaimForm(forms.Form):
    """What was paid, and where it can be seen."""

    amount = forms.DecimalField(
        max_digits=38, decimal_places=18, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
    )
    tx_hash = forms.CharField(
        label="Transaction", max_length=80, widget=forms.TextInput({**_PLAIN, "placeholder": "0x…"}),
        help_text="The hash that your wallet shows for the payment: 0x and 64 digits.",
    )  # fmt: skip
    note = forms.CharField(max_length=500, required=False, widget=forms.TextInput({"autocomplete": "off"}))

    field_order = ("place", "amount", "tx_hash", "note")

    def __init__(self, *args: Any, places: Sequence[tuple[int, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = {f"{chain}:{code}": (chain, code) for chain, code, _ in places}
        self.fields["place"] = forms.ChoiceField(
            label="What you paid", choices=[(name, f"{code}, on chain {chain}") for name, (chain, code) in
                                            self._places.items()],
        )  # fmt: skip
        self.order_fields(self.field_order)

    def clean_place(self) -> tuple[int, str]:
        return self._places[self.cleaned_data["place"]]

    def clean_tx_hash(self) -> str:
        said: str = self.cleaned_data["tx_hash"].strip().lower()
        if not rules.TX_HASH.fullmatch(said):
            raise forms.ValidationError("A transaction's hash is 0x and 64 digits from 0 to 9 and a to f.")
        return said

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        amount = cleaned.get("amount")
        if amount is not None and amount <= ZERO:
            self.add_error("amount", "An amount is above zero.")
        if not is_storable(cleaned.get("note") or ""):
            self.add_error("note", "This can't be stored as text.")
        return cleaned


class AffiliateForm(_CodeForm):
    """Who wants to be an affiliate, under which code, invited by whom."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    wanted = forms.CharField(
        label="The code you would like", max_length=40, required=False, widget=forms.TextInput(_PLAIN),
        help_text="It stands in your link: 3 to 32 letters, digits and hyphens. Left empty, we make one up.",
    )  # fmt: skip
    code = forms.CharField(
        label="Invitation code", max_length=40, required=False, widget=forms.TextInput(_PLAIN),
        help_text="Of the affiliate who invited you, if one did.",
    )  # fmt: skip
    address = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, addresses: Sequence[WalletAddress], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "None"), *((one.address, one.shown) for one in addresses)]
        self.fields["address"] = forms.ChoiceField(
            label="Your wallet address", required=False, choices=choices, help_text="One you have proven, if you like."
        )

    def clean_code(self) -> str:
        return self._known_code(self.cleaned_data["code"].strip().lower())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not is_storable(cleaned.get("name") or ""):
            self.add_error("name", "This can't be stored as text.")
        return cleaned


class CommissionsForm(forms.Form):
    """Which commissions."""

    type = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *CommissionType.choices])
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any"), *CommissionState.choices])
    since = DayField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = DayField(label="To", required=False, widget=forms.DateInput({"type": "date"}))


class MethodForm(forms.Form):
    """Where somebody wants to be paid."""

    kind = forms.ChoiceField(label="How", choices=MethodKind.choices)
    destination = forms.CharField(
        label="Where", max_length=160, widget=forms.TextInput(_PLAIN),
        help_text="An address 0x…, an M-Pesa number, a bank's code and account such as KCBLKENX:1234567, or a"
        " wallet's id here.",
    )  # fmt: skip
    holder = forms.CharField(
        label="Account holder", max_length=120, required=False, widget=forms.TextInput({"autocomplete": "name"}),
        help_text="As the bank knows them. Only for a bank account.",
    )  # fmt: skip
