"""How Daraja is called."""

from typing import Final

from django.conf import settings

from wallets.rails.bearer import Provider, TokenRequest

DARAJA: Final = Provider(
    called="M-Pesa",
    purpose="wallets.rails.mpesa",
    url=lambda: settings.MPESA_URL,
    token=TokenRequest("GET", "/oauth/v1/generate?grant_type=client_credentials"),
)
