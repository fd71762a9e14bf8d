"""What can be done with batches and payouts: one verb, one module."""

from payouts.operations.add_payee import add_payee
from payouts.operations.approve_batch import approve_batch
from payouts.operations.ask_rails import ask_rails
from payouts.operations.book_outcomes import book_outcomes
from payouts.operations.cancel_batch import cancel_batch
from payouts.operations.collect_due import collect_due
from payouts.operations.create_batch import create_batch
from payouts.operations.exclude_payout import exclude_payout
from payouts.operations.execute_batch import execute_batch
from payouts.operations.free_payout import free_payout
from payouts.operations.hold_back import hold_back
from payouts.operations.lapse_batches import lapse_batches
from payouts.operations.lease_desk import lease_desk
from payouts.operations.leave_out import leave_out
from payouts.operations.let_go import let_go
from payouts.operations.let_go_of_brake import let_go_of_brake
from payouts.operations.look_again import look_again
from payouts.operations.note_makers import note_makers
from payouts.operations.nudge_sending import nudge_sending
from payouts.operations.pay_rows import pay_rows
from payouts.operations.pay_wallets import pay_wallets
from payouts.operations.pull_brake import pull_brake
from payouts.operations.put_in import put_in
from payouts.operations.read_result_file import read_result_file
from payouts.operations.recall_batch import recall_batch
from payouts.operations.record_answers import record_answers
from payouts.operations.release_payout import release_payout
from payouts.operations.require_running import require_running
from payouts.operations.reserve import reserve
from payouts.operations.retry_payout import retry_payout
from payouts.operations.send_back_batch import send_back_batch
from payouts.operations.send_due import send_due
from payouts.operations.settle_batches import settle_batches
from payouts.operations.settle_payouts import settle_payouts
from payouts.operations.start_batch import start_batch
from payouts.operations.store_attempts import store_attempts
from payouts.operations.submit_batch import submit_batch
from payouts.operations.sweep_batches import sweep_batches
from payouts.operations.take_numbers import take_numbers
from payouts.operations.take_outcomes import take_outcomes
from payouts.operations.take_return import take_return
from payouts.operations.tell_payees import tell_payees
from payouts.operations.vote_on_batch import vote_on_batch
from payouts.operations.write_bank_file import write_bank_file

__all__ = [
    "add_payee",
    "approve_batch",
    "ask_rails",
    "book_outcomes",
    "cancel_batch",
    "collect_due",
    "create_batch",
    "exclude_payout",
    "execute_batch",
    "free_payout",
    "hold_back",
    "lapse_batches",
    "lease_desk",
    "leave_out",
    "let_go",
    "let_go_of_brake",
    "look_again",
    "note_makers",
    "nudge_sending",
    "pay_rows",
    "pay_wallets",
    "pull_brake",
    "put_in",
    "read_result_file",
    "recall_batch",
    "record_answers",
    "release_payout",
    "require_running",
    "reserve",
    "retry_payout",
    "send_back_batch",
    "send_due",
    "settle_batches",
    "settle_payouts",
    "start_batch",
    "store_attempts",
    "submit_batch",
    "sweep_batches",
    "take_numbers",
    "take_outcomes",
    "take_return",
    "tell_payees",
    "vote_on_batch",
    "write_bank_file",
]
