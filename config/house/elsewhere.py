"""Signing in from elsewhere: whom we take a provider's word for, and what is written down of it."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import user_signed_up
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.forms import DisconnectForm
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.http import HttpRequest
from django.shortcuts import render
from django.utils import timezone

from identity.models import User
from identity.operations import note_connection, note_sign_up


class HouseAccountsElsewhere(DefaultSocialAccountAdapter):
    """A provider says who somebody is; it never lets them into an account that was here before."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        # The library would take rows of its table too, which nobody here looks at.
        apps = super().list_apps(request, provider=provider, client_id=client_id)
        return [app for app in apps if app.pk is None]

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        said = data.get("name") or " ".join(data.get(part) or "" for part in ("first_name", "last_name"))
        user.name = " ".join("".join(c if c.isprintable() else " " for c in str(said)).split())[:120]
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in who was connected while signed in, and newcomers whose address the provider has verified.

        :raises ImmediateHttpResponse: with a page that says why, for everybody else.
        """
        if _speaks_of_two(sociallogin.account.extra_data):
            raise self._refusal(request, sociallogin, "two", status=403)
        # Some say so in words, and "false" in words is not nothing.
        verified = [address for address in sociallogin.email_addresses if str(address.verified).lower() == "true"]
        for address in verified:
            address.verified = True
        sociallogin.email_addresses = verified
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        if not verified:
            raise self._refusal(request, sociallogin, "unverified", status=403)
        emails = [address.email for address in verified]
        if (
            User.objects.filter(email__in=emails).exists()
            or EmailAddress.objects.filter(email__in=emails, verified=True).exists()
        ):
            raise self._refusal(request, sociallogin, "known", status=409)
        sociallogin.user.email = emails[0]

    def _refusal(self, request: HttpRequest, sociallogin: SocialLogin, why: str, *, status: int) -> Exception:
        context = {"why": why, "provider": sociallogin.provider}
        refused: Exception = ImmediateHttpResponse(
            render(request, "socialaccount/refused.html", context, status=status)
        )
        return refused


class HouseDisconnectForm(DisconnectForm):
    """What is connected, and taking it away; also at a provider that is not offered any more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {each.sub_id: each.name for each in get_adapter().list_providers(self.request)}
        self.connected = [
            {
                "account": account,
                "provider": offered.get(account.provider, account.provider),
                "called": _called(account),
            }
            for account in self.accounts.order_by("pk")
        ]

    def save(self) -> None:
        try:
            super().save()
        except SocialApp.DoesNotExist:
            account = self.cleaned_data["account"]
            account.delete()
            social_account_removed.send(sender=SocialAccount, request=self.request, socialaccount=account)


def _called(account: SocialAccount) -> str:
    """Return what the person is called there, as they would know it."""
    said = account.extra_data
    for part in (said.get("userinfo"), said.get("id_token"), said):
        if isinstance(part, dict) and (part.get("email") or part.get("login")):
            return str(part.get("email") or part["login"])
    return str(account.uid)


def _speaks_of_two(said: dict[str, Any]) -> bool:
    """Whether the provider's two answers name two people: the library takes one of them unseen."""
    names = {part["sub"] for part in (said.get("userinfo"), said.get("id_token")) if isinstance(part, dict)}
    return len(names) > 1


def on_signed_up(request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """Write down that somebody made an account, and from where."""
    note_sign_up(user=user, provider=sociallogin.account.provider if sociallogin else "", at=timezone.now())


def on_connected(request: HttpRequest, sociallogin: SocialLogin, **_: Any) -> None:
    """Write down that an account elsewhere opens the account here from now on."""
    note_connection(user=sociallogin.user, provider=sociallogin.account.provider, is_connected=True, at=timezone.now())


def on_disconnected(request: HttpRequest, socialaccount: SocialAccount, **_: Any) -> None:
    """Write down that it does not any more."""
    note_connection(user=socialaccount.user, provider=socialaccount.provider, is_connected=False, at=timezone.now())


def install() -> None:
    """Have these written down; the library tells of them by signals only."""
    user_signed_up.connect(on_signed_up)
    social_account_added.connect(on_connected)
    social_account_removed.connect(on_disconnected)
