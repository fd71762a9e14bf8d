"""What people write about themselves, and the keys that they make."""

from typing import Any, Final
from zoneinfo import available_timezones

from django import forms

from identity import proofs, rules

# What each scope means to who ticks it.
SCOPE_WORDS: Final = {
    "affiliate.manage": "Register affiliates, move them and stop them",
    "affiliate.read": "Read affiliates, their figures and who stands under whom",
    "charge.expect": "Announce charges that members are going to pay",
    "claim.make": "Claim payments for members",
    "claim.read": "Read claims",
    "commission.read": "Read commissions and reports of them",
    "intent.read": "Follow intents and their results",
    "journal.read": "Read the journal",
    "ledger.read": "Read the books",
    "member.read": "Read members",
    "member.register": "Register members, and vouch for their wallet addresses",
    "membership.read": "Read who has which role",
    "payment.refund": "Refund payments",
    "payout.read": "Read payouts and their batches",
    "program.change": "Change the program's name and time zone",
    "program.read": "Read the program",
    "proposal.read": "Read proposals",
    "rail.read": "Read accounts at rails and what the rails have told",
    "setting.read": "Read settings",
    "settlement.read": "Read settlements",
    "statement.issue": "Issue statements",
    "terms.read": "Read commission rates",
    "user.read": "Read people",
    "wallet.credit": "Put money into wallets",
    "wallet.hold": "Hold what is in wallets, and take what is held",
    "wallet.open": "Open wallets",
    "wallet.read": "Read wallets and payments",
    "wallet.spend": "Spend from wallets",
    "withdrawal.make": "Take money out of wallets",
}


def time_zones() -> list[tuple[str, str]]:
    """Return the time zones of the world by region, UTC first."""
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/")))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)]


class ProfileForm(forms.Form):
    """Who one is, and how one reads the time."""

    name = forms.CharField(max_length=120, required=False, widget=forms.TextInput({"autocomplete": "name"}))
    phone = forms.CharField(
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "tel", "type": "tel"}),
        help_text="With its country, such as +254 712 345678. Nobody is called by a machine.",
    )
    time_zone = forms.ChoiceField(choices=time_zones, help_text="In which pages show you times. Each says its zone.")


class AddressForm(forms.Form):
    """Which wallet address is to be proven."""

    address = forms.CharField(
        max_length=100,
        strip=True,
        label="Address",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "0x…"}),
    )
    chain_id = forms.IntegerField(
        min_value=1,
        max_value=proofs.LARGEST_CHAIN_ID,
        initial=1,
        label="Chain id",
        help_text="1 is Ethereum. A proof counts on every chain: it is one key.",
    )


class SignatureForm(forms.Form):
    """What the wallet made of the text."""

    signature = forms.CharField(
        max_length=200,
        strip=True,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "0x…"}),
        help_text="0x and 130 hexadecimal digits.",
    )


class KeyForm(forms.Form):
    """A key to be."""

    name = forms.CharField(
        max_length=120,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Of the system that calls, so that you know it in the journal.",
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, SCOPE_WORDS[scope]) for scope in sorted(rules.KEY_SCOPES - rules.MONEY_SCOPES)],
    )
    money_scopes = forms.MultipleChoiceField(
        label="And move money",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, SCOPE_WORDS[scope]) for scope in sorted(rules.MONEY_SCOPES)],
        help_text="Then it is proposed, and another owner decides.",
    )
    days = forms.IntegerField()
    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="For the other owner, if it moves money.",
    )

    def __init__(self, *args: Any, days_at_most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"] = forms.IntegerField(
            label="Days it lasts",
            min_value=1,
            max_value=days_at_most,
            initial=min(90, days_at_most),
            help_text=f"At most {days_at_most}.",
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("scopes") and not cleaned.get("money_scopes"):
            self.add_error("scopes", "Tick what it may do.")
        if cleaned.get("money_scopes") and not cleaned.get("reason"):
            self.add_error("reason", "Say why: another owner decides by it.")
        return cleaned


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(max_length=500)
