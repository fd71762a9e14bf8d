"""What the ledger does. Nothing else changes a balance."""

from ledger.operations.capture import capture
from ledger.operations.change_account_status import change_account_status
from ledger.operations.close_period import close_period
from ledger.operations.define_asset import define_asset
from ledger.operations.expire_holds import expire_holds
from ledger.operations.export_transactions import export_transactions
from ledger.operations.hold import hold
from ledger.operations.import_transactions import import_transactions
from ledger.operations.issue_statement import issue_statement
from ledger.operations.keep_milestones import keep_milestones
from ledger.operations.open_account import open_account
from ledger.operations.post import post
from ledger.operations.post_many import post_many
from ledger.operations.release import release
from ledger.operations.reopen_period import reopen_period
from ledger.operations.reverse import reverse
from ledger.operations.verify_books import verify_books

__all__ = [
    "capture",
    "change_account_status",
    "close_period",
    "define_asset",
    "expire_holds",
    "export_transactions",
    "hold",
    "import_transactions",
    "issue_statement",
    "keep_milestones",
    "open_account",
    "post",
    "post_many",
    "release",
    "reopen_period",
    "reverse",
    "verify_books",
]
