"""What can be done with wallets and payments."""

from wallets.operations.activate_rail_account import activate_rail_account
from wallets.operations.address_outgoing import address_outgoing
from wallets.operations.adjust import adjust
from wallets.operations.apply_event import apply_event
from wallets.operations.apply_events import apply_events
from wallets.operations.approve_outgoings import approve_outgoings
from wallets.operations.book import book
from wallets.operations.capture import capture
from wallets.operations.change_rail_account import change_rail_account
from wallets.operations.change_state import change_state
from wallets.operations.charge_back import charge_back
from wallets.operations.charge_back_payment import charge_back_payment
from wallets.operations.close import close
from wallets.operations.close_rail_account import close_rail_account
from wallets.operations.confirm_payment import confirm_payment
from wallets.operations.draft_rail_account import draft_rail_account
from wallets.operations.fail_payment import fail_payment
from wallets.operations.find_house_account import find_house_account
from wallets.operations.find_payee import find_payee
from wallets.operations.freeze import freeze
from wallets.operations.hold import hold
from wallets.operations.ignore_event import ignore_event
from wallets.operations.import_statement import import_statement
from wallets.operations.issue_bonus import issue_bonus
from wallets.operations.issue_statement import issue_statement
from wallets.operations.lock_event import lock_event
from wallets.operations.lock_rail_account import lock_rail_account
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.mark_paid import mark_paid
from wallets.operations.note_booked import note_booked
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
from wallets.operations.release import release
from wallets.operations.renew_hook import renew_hook
from wallets.operations.replay_event import replay_event
from wallets.operations.settle_outgoings import settle_outgoings
from wallets.operations.spend import spend
from wallets.operations.stop_rail_account import stop_rail_account
from wallets.operations.take_charge_back import take_charge_back
from wallets.operations.take_confirmation import take_confirmation
from wallets.operations.take_deposit import take_deposit
from wallets.operations.take_failure import take_failure
from wallets.operations.top_up import top_up
from wallets.operations.transfer import transfer
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
    "book",
    "capture",
    "change_rail_account",
    "change_state",
    "charge_back",
    "charge_back_payment",
    "close",
    "close_rail_account",
    "confirm_payment",
    "draft_rail_account",
    "fail_payment",
    "find_house_account",
    "find_payee",
    "freeze",
    "hold",
    "ignore_event",
    "import_statement",
    "issue_bonus",
    "issue_statement",
    "lock_event",
    "lock_rail_account",
    "lock_wallets",
    "mark_paid",
    "note_booked",
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
    "release",
    "renew_hook",
    "replay_event",
    "settle_outgoings",
    "spend",
    "stop_rail_account",
    "take_charge_back",
    "take_confirmation",
    "take_deposit",
    "take_failure",
    "top_up",
    "transfer",
    "unfreeze",
    "verify_event",
    "win_charge_back",
    "work_inbox",
]
