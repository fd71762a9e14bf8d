"""Doors for people who look after their own affairs."""

from identity.portal.views.account import security
from identity.portal.views.addresses import ask_address, sign_address
from identity.portal.views.keys import collect_key, keys, revoke_key
from identity.portal.views.profile import profile

__all__ = ("ask_address", "collect_key", "keys", "profile", "revoke_key", "security", "sign_address")
