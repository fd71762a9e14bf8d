"""What can be done with wallets and payments."""

from wallets.operations.adjust import adjust
from wallets.operations.book import book
from wallets.operations.capture import capture
from wallets.operations.change_state import change_state
from wallets.operations.charge_back import charge_back
from wallets.operations.charge_back_payment import charge_back_payment
from wallets.operations.close import close
from wallets.operations.confirm_payment import confirm_payment
from wallets.operations.fail_payment import fail_payment
from wallets.operations.find_house_account import find_house_account
from wallets.operations.find_payee import find_payee
from wallets.operations.freeze import freeze
from wallets.operations.hold import hold
from wallets.operations.issue_bonus import issue_bonus
from wallets.operations.lock_wallets import lock_wallets
from wallets.operations.mark_paid import mark_paid
from wallets.operations.note_booked import note_booked
from wallets.operations.open_payment import open_payment
from wallets.operations.open_wallet import open_wallet
from wallets.operations.pay_from_wallet import pay_from_wallet
from wallets.operations.record_direct_payment import record_direct_payment
from wallets.operations.refund import refund
from wallets.operations.release import release
from wallets.operations.spend import spend
from wallets.operations.top_up import top_up
from wallets.operations.transfer import transfer
from wallets.operations.unfreeze import unfreeze
from wallets.operations.win_charge_back import win_charge_back

__all__ = [
    "adjust",
    "book",
    "capture",
    "change_state",
    "charge_back",
    "charge_back_payment",
    "close",
    "confirm_payment",
    "fail_payment",
    "find_house_account",
    "find_payee",
    "freeze",
    "hold",
    "issue_bonus",
    "lock_wallets",
    "mark_paid",
    "note_booked",
    "open_payment",
    "open_wallet",
    "pay_from_wallet",
    "record_direct_payment",
    "refund",
    "release",
    "spend",
    "top_up",
    "transfer",
    "unfreeze",
    "win_charge_back",
]
