"""Doors for people who look after their own affairs."""

from identity.portal.views.account import overview, security
from identity.portal.views.addresses import ask_address, sign_address
from identity.portal.views.profile import profile

__all__ = ("ask_address", "overview", "profile", "security", "sign_address")
