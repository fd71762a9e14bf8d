"""What can be done with affiliates, members, settlements and commissions: one verb, one module."""

from affiliates.operations.add_method import add_method
from affiliates.operations.adjust_commission import adjust_commission
from affiliates.operations.approve_claim import approve_claim
from affiliates.operations.batch_commissions import batch_commissions
from affiliates.operations.carry_on import carry_on
from affiliates.operations.change_affiliate_state import change_affiliate_state
from affiliates.operations.change_commissions import change_commissions
from affiliates.operations.change_member_state import change_member_state
from affiliates.operations.confirm_settlements import confirm_settlements
from affiliates.operations.cool_methods import cool_methods
from affiliates.operations.correct_settlement import correct_settlement
from affiliates.operations.draft_reports import draft_reports
from affiliates.operations.expect_settlement import expect_settlement
from affiliates.operations.fail_settlement import fail_settlement
from affiliates.operations.finalize_reports import finalize_reports
from affiliates.operations.find_books import find_books
from affiliates.operations.fold_tallies import fold_tallies
from affiliates.operations.hold_commissions import hold_commissions
from affiliates.operations.import_affiliates import import_affiliates
from affiliates.operations.import_settlements import import_settlements
from affiliates.operations.judge_line import judge_line
from affiliates.operations.look_again import look_again
from affiliates.operations.look_up_receipts import look_up_receipts
from affiliates.operations.mark_report_paid import mark_report_paid
from affiliates.operations.mature_commissions import mature_commissions
from affiliates.operations.move_affiliate import move_affiliate
from affiliates.operations.note_click import note_click
from affiliates.operations.nudge_lookups import nudge_lookups
from affiliates.operations.open_purses import open_purses
from affiliates.operations.open_tier import open_tier
from affiliates.operations.put_payout_right import put_payout_right
from affiliates.operations.record_rate import record_rate
from affiliates.operations.register_affiliate import register_affiliate
from affiliates.operations.register_member import register_member
from affiliates.operations.reject_claim import reject_claim
from affiliates.operations.release_commissions import release_commissions
from affiliates.operations.request_claim import request_claim
from affiliates.operations.retire_method import retire_method
from affiliates.operations.reverse_settlement import reverse_settlement
from affiliates.operations.settle_batched import settle_batched
from affiliates.operations.settle_by_proof import settle_by_proof
from affiliates.operations.take_charge import take_charge
from affiliates.operations.take_charge_failure import take_charge_failure
from affiliates.operations.take_refund import take_refund
from affiliates.operations.take_reversal import take_reversal
from affiliates.operations.take_settlement import take_settlement
from affiliates.operations.total_up import total_up
from affiliates.operations.tree_refusals import tree_refusals
from affiliates.operations.verify_method import verify_method
from affiliates.operations.void_commission import void_commission
from affiliates.operations.win_settlement_back import win_settlement_back
from affiliates.operations.write_commissions import write_commissions

__all__ = (
    "add_method",
    "adjust_commission",
    "approve_claim",
    "batch_commissions",
    "carry_on",
    "change_affiliate_state",
    "change_commissions",
    "change_member_state",
    "confirm_settlements",
    "cool_methods",
    "correct_settlement",
    "draft_reports",
    "expect_settlement",
    "fail_settlement",
    "finalize_reports",
    "find_books",
    "fold_tallies",
    "hold_commissions",
    "import_affiliates",
    "import_settlements",
    "judge_line",
    "look_again",
    "look_up_receipts",
    "mark_report_paid",
    "mature_commissions",
    "move_affiliate",
    "note_click",
    "nudge_lookups",
    "open_purses",
    "open_tier",
    "put_payout_right",
    "record_rate",
    "register_affiliate",
    "register_member",
    "reject_claim",
    "release_commissions",
    "request_claim",
    "retire_method",
    "reverse_settlement",
    "settle_batched",
    "settle_by_proof",
    "take_charge",
    "take_charge_failure",
    "take_refund",
    "take_reversal",
    "take_settlement",
    "total_up",
    "tree_refusals",
    "verify_method",
    "void_commission",
    "win_settlement_back",
    "write_commissions",
)
