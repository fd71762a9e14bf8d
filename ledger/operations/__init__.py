"""What the ledger does. Nothing else changes a balance."""

from ledger.operations.capture import capture
from ledger.operations.carry_out_intents import carry_out_intents
from ledger.operations.change_account_status import change_account_status
from ledger.operations.claim_intents import claim_intents
from ledger.operations.close_period import close_period
from ledger.operations.create_intent import create_intent
from ledger.operations.create_intents import create_intents
from ledger.operations.define_asset import define_asset
from ledger.operations.expire_holds import expire_holds
from ledger.operations.export_transactions import export_transactions
from ledger.operations.hold import hold
from ledger.operations.import_transactions import import_transactions
from ledger.operations.issue_statement import issue_statement
from ledger.operations.keep_milestones import keep_milestones
from ledger.operations.note_captured import note_captured
from ledger.operations.nudge_intents import nudge_intents
from ledger.operations.open_account import open_account
from ledger.operations.post import post
from ledger.operations.post_many import post_many
from ledger.operations.release import release
from ledger.operations.reopen_period import reopen_period
from ledger.operations.requeue_intents import requeue_intents
from ledger.operations.reset_intents import reset_intents
from ledger.operations.retry_intent import retry_intent
from ledger.operations.retry_intents import retry_intents
from ledger.operations.reverse import reverse
from ledger.operations.verify_books import verify_books
from ledger.operations.work_intents import work_intents

__all__ = [
    "capture",
    "carry_out_intents",
    "change_account_status",
    "claim_intents",
    "close_period",
    "create_intent",
    "create_intents",
    "define_asset",
    "expire_holds",
    "export_transactions",
    "hold",
    "import_transactions",
    "issue_statement",
    "keep_milestones",
    "note_captured",
    "nudge_intents",
    "open_account",
    "post",
    "post_many",
    "release",
    "reopen_period",
    "requeue_intents",
    "reset_intents",
    "retry_intent",
    "retry_intents",
    "reverse",
    "verify_books",
    "work_intents",
]
