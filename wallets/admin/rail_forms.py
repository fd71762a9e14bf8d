"""What people say of rail accounts. Secrets are typed in and never shown again."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from identity.models import Program
from ledger.models import Asset
from ledger.states import AssetKind
from wallets.models import RailAccount
from wallets.rails import Rail, rail_named, rails
from wallets.states import RailAccountState


class _AccountForm(forms.Form):
    number = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    assets = forms.MultipleChoiceField(
        widget=UnfoldAdminSelectMultipleWidget, help_text="What goes through it. Hold Ctrl to choose more than one."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money = Asset.objects.exclude(kind=AssetKind.POINTS).order_by("code")
        self.fields["assets"].choices = [(asset.code, f"{asset.code} {asset.name}") for asset in money]  # type: ignore[attr-defined]

    def ask_for_secrets(self, rail: Rail, *, told: str = "") -> None:
        """Ask for all of a rail's secrets; which of them are needed is known once the rail is chosen."""
        may_choose = " One of these is enough." if all(each.is_optional for each in rail.credentials) else ""
        for credential in rail.credentials:
            self.fields[f"secret_{rail.name}_{credential.name}"] = forms.CharField(
                label=f"{credential.name.capitalize()} ({rail.label})",
                required=False,
                widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
                help_text=f"{credential.purpose[:1].upper()}{credential.purpose[1:]}.{told or may_choose}",
            )

    def secrets_of(self, rail: Rail) -> dict[str, str]:
        given = {each.name: self.cleaned_data.get(f"secret_{rail.name}_{each.name}", "") for each in rail.credentials}
        return {name: value for name, value in given.items() if value}


class DraftForm(_AccountForm):
    """An account to be."""

    program = forms.ModelChoiceField(queryset=Program.objects.none(), widget=UnfoldAdminSelectWidget)
    rail = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="What the books call it, for good: small letters, digits, - and _.",
    )

    field_order = ("program", "rail", "name", "number", "assets")

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].queryset = programs  # type: ignore[attr-defined]
        self.fields["rail"].choices = [(rail.name, rail.label) for rail in rails()]  # type: ignore[attr-defined]
        self.fields["number"].help_text = " ".join(f"{rail.label}: {rail.number_is}." for rail in rails())
        for rail in rails():
            self.ask_for_secrets(rail)

    def wanted(self) -> dict[str, Any]:
        """Return what the operation takes."""
        said = self.cleaned_data
        return {
            "program": said["program"], "rail": said["rail"], "name": said["name"], "number": said["number"],
            "assets": said["assets"], "secrets": self.secrets_of(rail_named(said["rail"])),
        }  # fmt: skip


class RevisionForm(_AccountForm):
    """What an account becomes; it names the version that its reader has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=500, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, account: RailAccount, **kwargs: Any) -> None:
        stands = {"number": account.number, "assets": account.assets, "version": account.version}
        super().__init__(*args, initial=stands, **kwargs)
        self._rail = rail_named(account.rail)
        self.ask_for_secrets(self._rail, told=" Empty: it stays what it is.")
        if account.state == RailAccountState.DRAFT:
            del self.fields["reason"]
        else:
            self.order_fields([name for name in self.fields if name != "reason"] + ["reason"])

    def wanted(self) -> dict[str, Any]:
        """Return what the operation, or the proposal, takes."""
        said = self.cleaned_data
        found = {"version": said["version"], "number": said["number"], "assets": said["assets"]}
        secrets = self.secrets_of(self._rail)
        return {**found, "secrets": secrets} if secrets else found
