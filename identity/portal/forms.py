"""What people write about themselves."""

from zoneinfo import available_timezones

from django import forms

from identity import proofs


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
