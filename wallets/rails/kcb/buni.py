"""How Buni, KCB's gateway, is called."""

from typing import Final

from django.conf import settings

from wallets.rails.bearer import Provider, TokenRequest

BUNI: Final = Provider(
    called="KCB",
    purpose="wallets.rails.kcb",
    url=lambda: settings.KCB_URL,
    token=TokenRequest(
        "POST",
        "/token",
        body=b"grant_type=client_credentials",
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
)
