"""What can be done with wallets and payments."""

from wallets.operations.activate_rail_account import activate_rail_account
from wallets.operations.address_outgoing import address_outgoing
from wallets.operations.adjust import adjust
from wallets.operations.apply_event import apply_event
from wallets.operations.apply_events import apply_events
from wallets.operations.approve_outgoings import approve_outgoings
from wallets.operations.approve_withdrawal import approve_withdrawal
from wallets.operations.batch_withdrawals import batch_withdrawals
from wallets.operations.book import book
from wallets.operations.cancel_withdrawal import cancel_withdrawal
from wallets.operations.capture import capture
from wallets.operations.change_rail_account import change_rail_account
from wallets.operations.change_state import change_state
from wallets.operations.charge_back import charge_back
from wallets.operations.charge_back_payment import charge_back_payment
from wallets.operations.close import close
from wallets.operations.close_rail_account import close_rail_account
from wallets.operations.confirm_payment import confirm_payment
from wallets.operations.draft_rail_account import draft_rail_account
from wallets.operations.end_withdrawal import end_withdrawal
from wallets.operations.fail_payment import fail_payment
from wallets.operations.fail_withdrawals import fail_withdrawals
from wallets.operations.find_house_account import find_house_account
from wallets.operations.find_payee import find_payee
from wallets.operations.follow_withdrawals import follow_withdrawals
from wallets.operations.freeze import freeze
from wallets.operations.hold import hold
from wallets.operations.ignore_event import ignore_event
from wallets.operations.import_statement import import_statement
from wallets.operations.issue_bonus import issue_bonus
from wallets.operations.issue_statement import issue_statement
from wallets.operations.lock_event import lock_event
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.lock_withdrawals import lock_withdrawals
from wallets.operations.mark_paid import mark_paid
from wallets.operations.note_booked import note_booked
from wallets.operations.note_returned import note_returned
from wallets.operations.note_withdrawn import note_withdrawn
from wallets.operations.nudge_inbox import nudge_inbox
from wallets.operations.open_payment import open_payment
from wallets.operations.open_rail_books import open_rail_books
from wallets.operations.open_wallet import open_wallet
from wallets.operations.pay_from_wallet import pay_from_wallet
from wallets.operations.put_in_suspense import put_in_suspense
from wallets.operations.receive_event import receive_event
from wallets.operations.record_direct_payment import record_direct_payment
from wallets.operations.reencrypt_rail_account import reencrypt_rail_account
from wallets.operations.refund import refund
from wallets.operations.reject_withdrawal import reject_withdrawal
from wallets.operations.release import release
from wallets.operations.renew_hook import renew_hook
from wallets.operations.replay_event import replay_event
from wallets.operations.request_withdrawal import request_withdrawal
from wallets.operations.settle_outgoings import settle_outgoings
from wallets.operations.spend import spend
from wallets.operations.stop_rail_account import stop_rail_account
from wallets.operations.take_charge_back import take_charge_back
from wallets.operations.take_confirmation import take_confirmation
from wallets.operations.take_deposit import take_deposit
from wallets.operations.take_failure import take_failure
from wallets.operations.top_up import top_up
from wallets.operations.transfer import transfer
from wallets.operations.unbatch_withdrawals import unbatch_withdrawals
from wallets.operations.unfreeze import unfreeze
from wallets.operations.verify_event import verify_event
from wallets.operations.win_charge_back import win_charge_back
from wallets.operations.work_inbox import work_inbox

__all__ = [
    "activate_rail_account",
    "address_outgoing",
    "adjust",
    "apply_event",
    "apply_events",
    "approve_outgoings",
    "approve_withdrawal",
    "batch_withdrawals",
    "book",
    "cancel_withdrawal",
    "capture",
    "change_rail_account",
    "change_state",
    "charge_back",
    "charge_back_payment",
    "close",
    "close_rail_account",
    "confirm_payment",
    "draft_rail_account",
    "end_withdrawal",
    "fail_payment",
    "fail_withdrawals",
    "find_house_account",
    "find_payee",
    "follow_withdrawals",
    "freeze",
    "hold",
    "ignore_event",
    "import_statement",
    "issue_bonus",
    "issue_statement",
    "lock_event",
    "lock_rail_account",
    "lock_wallets",
    "lock_withdrawals",
    "mark_paid",
    "note_booked",
    "note_returned",
    "note_withdrawn",
    "nudge_inbox",
    "open_payment",
    "open_rail_books",
    "open_wallet",
    "pay_from_wallet",
    "put_in_suspense",
    "receive_event",
    "record_direct_payment",
    "reencrypt_rail_account",
    "refund",
    "reject_withdrawal",
    "release",
    "renew_hook",
    "replay_event",
    "request_withdrawal",
    "settle_outgoings",
    "spend",
    "stop_rail_account",
    "take_charge_back",
    "take_confirmation",
    "take_deposit",
    "take_failure",
    "top_up",
    "transfer",
    "unbatch_withdrawals",
    "unfreeze",
    "verify_event",
    "win_charge_back",
    "work_inbox",
]
