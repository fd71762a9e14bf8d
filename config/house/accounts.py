"""How the sign-in library asks what the house has set."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from identity.queries.settings import setting


class HouseAccounts(DefaultAccountAdapter):
    """Sign-up and mails."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(setting("house.sign_up_open"))

    def format_email_subject(self, subject: str) -> str:
        return f"{setting('house.name')}: {subject}"


class HouseSecondFactors(DefaultMFAAdapter):
    """Authenticator apps."""

    def get_totp_issuer(self) -> str:
        return str(setting("house.name"))


def house_name(request: HttpRequest) -> dict[str, Any]:
    """Give templates the name of the house; it is asked for where a template says it."""
    return {"house_name": lambda: setting("house.name")}
