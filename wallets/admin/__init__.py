"""Wallets and rails in the back office."""

from wallets.admin.rail_accounts import RailAccountAdmin
from wallets.admin.rail_events import RailEventAdmin

__all__ = ["RailAccountAdmin", "RailEventAdmin"]
