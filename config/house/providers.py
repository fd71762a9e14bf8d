"""Where people may sign in from elsewhere: what the environment names, and nothing else."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

# Their names and routes exist only where they are named; OpenID Connect's answer 404 until then.
_OWN_APPS: Final = {"google": "GOOGLE", "github": "GITHUB"}


def provider_apps(environment: Mapping[str, Any] | Any) -> list[str]:
    """Return the applications of the providers that the environment names."""
    named = [provider for provider, prefix in _OWN_APPS.items() if environment[f"{prefix}_CLIENT_ID"]]
    return [f"allauth.socialaccount.providers.{provider}" for provider in ("openid_connect", *named)]


def sign_in_settings(environment: Mapping[str, Any] | Any) -> dict[str, Any]:
    """Return the sign-in library's settings for providers, and for the forms that stand in the place of its own."""
    return {
        "MFA_FORMS": {
            "authenticate": "config.house.second_factors.CodeForm",
            "reauthenticate": "config.house.second_factors.CodeAgainForm",
            "authenticate_webauthn": "config.house.second_factors.PasskeyForm",
            "reauthenticate_webauthn": "config.house.second_factors.PasskeyAgainForm",
        },
        "SOCIALACCOUNT_PROVIDERS": provider_settings(environment),
        "SOCIALACCOUNT_ADAPTER": "config.house.elsewhere.HouseAccountsElsewhere",
        "SOCIALACCOUNT_FORMS": {"disconnect": "config.house.elsewhere.HouseDisconnectForm"},
        # An address alone never opens an account that was here before, however surely a provider has verified it.
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        # Whoever finds a browser open must not leave a door of their own.
        "SOCIALACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "SOCIALACCOUNT_LOGIN_ON_GET": False,
        "SOCIALACCOUNT_STORE_TOKENS": False,
    }


def provider_settings(environment: Mapping[str, Any] | Any) -> dict[str, Any]:
    """Return how the sign-in library finds them."""
    found: dict[str, Any] = {
        provider: {"APP": _app(environment, prefix)}
        for provider, prefix in _OWN_APPS.items()
        if environment[f"{prefix}_CLIENT_ID"]
    }
    if environment["OIDC_CLIENT_ID"]:
        app = _app(environment, "OIDC")
        app["name"] = environment["OIDC_NAME"]
        app["provider_id"] = provider_id(environment["OIDC_URL"])
        app["settings"]["server_url"] = environment["OIDC_URL"]
        found["openid_connect"] = {"APPS": [app]}
    return found


def provider_id(url: str) -> str:
    """Return the name of a provider in addresses and rows.

    It is made of the provider's address: another provider may give the same number to another person.
    """
    parts = urlsplit(url)
    return re.sub(r"[^a-z0-9.]+", "-", f"{parts.netloc.rpartition('@')[2]}{parts.path}".lower()).strip("-")


def _app(environment: Mapping[str, Any] | Any, prefix: str) -> dict[str, Any]:
    return {
        "client_id": environment[f"{prefix}_CLIENT_ID"],
        "secret": environment[f"{prefix}_CLIENT_SECRET"],
        "settings": {"oauth_pkce_enabled": True},
    }
