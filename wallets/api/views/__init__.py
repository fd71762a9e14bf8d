"""Doors of the API into wallets and rails."""

from wallets.api.views.hooks import HookView
from wallets.api.views.rails import RailAccountViewSet, RailEventViewSet

__all__ = ("HookView", "RailAccountViewSet", "RailEventViewSet")
