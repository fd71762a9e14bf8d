"""What the ledger does. Nothing else changes a balance."""

from ledger.operations.change_account_status import change_account_status
from ledger.operations.define_asset import define_asset
from ledger.operations.open_account import open_account
from ledger.operations.post import post
from ledger.operations.post_many import post_many
from ledger.operations.reverse import reverse

__all__ = ["change_account_status", "define_asset", "open_account", "post", "post_many", "reverse"]
