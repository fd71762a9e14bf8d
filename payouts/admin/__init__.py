"""Payouts in the back office."""

from audit.admin import tie
from payouts.admin.batches import PayoutBatchAdmin
from payouts.admin.payouts import PayoutAdmin
from payouts.admin.statements import RailStatementAdmin, statements_of
from wallets.models import RailAccount

tie(RailAccount, statements_of)

__all__ = ["PayoutAdmin", "PayoutBatchAdmin", "RailStatementAdmin"]
