"""Where in the books those who are paid have their money. Nothing else asks of what kind a payee is to know that."""

from collections.abc import Iterable
from uuid import UUID

from affiliates.models import Purse
from payouts.models import Payout
from wallets.models import Outgoing, Withdrawal


class Purses:
    """The accounts of payouts' payees; looked up once for many."""

    def __init__(self, payouts: Iterable[Payout]) -> None:
        asked = list(payouts)
        owners = {payout.affiliate_id for payout in asked if payout.affiliate_id}
        self._purses: dict[tuple[UUID | None, int], Purse] = {
            (purse.affiliate_id, purse.asset_id): purse for purse in Purse.objects.filter(affiliate__in=owners)
        }
        outgoings = {payout.outgoing_id for payout in asked if payout.outgoing_id}
        self._outgoings: dict[UUID | None, int] = {}
        if outgoings:
            self._outgoings.update(Outgoing.objects.filter(pk__in=outgoings).values_list("pk", "account"))
        withdrawals = {payout.withdrawal_id for payout in asked if payout.withdrawal_id}
        self._wallets: dict[UUID | None, tuple[int, int]] = {}
        if withdrawals:
            rows = Withdrawal.objects.filter(pk__in=withdrawals).order_by()
            for pk, account_id, reserved_id in rows.values_list("pk", "wallet__account", "wallet__reserved"):
                self._wallets[pk] = (account_id, reserved_id)

    def reserved(self, payout: Payout) -> int:
        """Return the account of what is set aside for a payout: what goes out of the house is by nature."""
        if payout.outgoing_id is not None:
            return self._outgoings[payout.outgoing_id]
        if payout.withdrawal_id is not None:
            return self._wallets[payout.withdrawal_id][1]
        return int(self._purses[payout.affiliate_id, payout.asset_id].reserved_id)

    def owed(self, payout: Payout) -> int | None:
        """Return the account of what its payee has beside that: it is paid late from there, and comes back to there.

        What goes out is owed to nobody whom the books know.
        """
        if payout.outgoing_id is not None:
            return None
        if payout.withdrawal_id is not None:
            return self._wallets[payout.withdrawal_id][0]
        return int(self._purses[payout.affiliate_id, payout.asset_id].liability_id)

    def moved_by_approval(self, payout: Payout) -> tuple[int, int] | None:
        """Return from where to where money is moved when a payout is approved; None where it is set aside before."""
        if payout.affiliate_id is None:
            return None
        purse = self._purses[payout.affiliate_id, payout.asset_id]
        return purse.liability_id, purse.reserved_id
