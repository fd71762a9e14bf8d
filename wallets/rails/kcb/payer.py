"""How bank accounts are paid: a transfer, and the question what came of it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from audit.egress import Reply
from ledger.money import plain
from wallets.errors import BadPayee
from wallets.rails.banks import PAYS, in_plain_letters, place_of
from wallets.rails.kcb.answers import answer_of, state_of
from wallets.rails.kcb.buni import BUNI
from wallets.rails.kcb.routes import bank_of, route_to
from wallets.rails.sending import LADDER, Answer, Desk, Limits, Order, Refused, Survey, Unit, Waiting, Wire

_PAY: Final = "/fundstransfer/1.0.0/api/v1/transfer"
_ASK: Final = "/kcb/transaction/query/1.0.0/api/v1/payment/query"
_CURRENCY: Final = "KES"
_DIGITS_AT_MOST: Final = 15  # of an amount: as many as every reader of JSON keeps
_LIMITS: Final = Limits(places=2, least=Decimal(10), most=Decimal("999999999999.99"))
_SOON: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
_NOT_KES: Final = Refused(code="not_kes", reason="KCB pays Kenyan shillings here and nothing else.")
_NO_BANK: Final = Refused(
    code="no_bank", reason="The payee's bank is none that KCB sends to: give the five digits of bank and branch."
)


class _Transfers:
    pays = PAYS
    counts = False
    may_repeat = False  # a second one of the same reference is a failure, and what became of the first stays open
    by_file = False
    asks_after_accepted: Sequence[timedelta] = (*_SOON, *(after for after in LADDER if after > _SOON[-1]))
    asks_after_unclear: Sequence[timedelta] = LADDER

    def limits(self, unit: Unit) -> Limits:
        """Return what KCB takes in one go: shillings and cents, and as many as can be written."""
        return _LIMITS

    def checked(self, destination: str) -> str:
        """Return the bank account in the form that is kept.

        :raises BadPayee: if it is none, or at a bank that KCB does not send to.
        """
        place = place_of(destination)
        if bank_of(place) is None:
            raise BadPayee(reason=_NO_BANK.reason)
        return f"{place.bank}:{place.account}"

    def fee(self, amount: Decimal, unit: Unit) -> Decimal | None:
        """Return None: it depends on the tariff that was agreed on with KCB."""
        return None

    def survey(self, desk: Desk, orders: Sequence[Order]) -> Survey:
        """Find out whether KCB lets us in, before anything is stored: while it doesn't, nothing is tried.

        :raises RailError: if it does not.
        """
        BUNI.require_token(desk.secrets)
        refused = {order.reference: why for order in orders if (why := _why_not(order)) is not None}
        return Survey(refused=refused)

    def write(self, desk: Desk, order: Order, survey: Survey, *, number: int | None) -> Wire:
        """Return what is said of it; the amount as a text, so that it is stored digit by digit."""
        place = place_of(order.destination)
        bank = bank_of(place)
        assert bank is not None, order
        assert order.unit.code == _CURRENCY, order
        assert len(order.reference) <= 12, order
        amount = plain(order.amount)
        assert len(amount) <= _DIGITS_AT_MOST + 1, order
        return {
            "companyCode": desk.secrets["company_code"],
            "transactionType": route_to(bank, order.amount).code,
            "debitAccountNumber": desk.number,
            "creditAccountNumber": place.account,
            "debitAmount": amount,
            "paymentDetails": in_plain_letters(order.note, at_most=35) or "Payout",
            "transactionReference": order.reference,
            "currency": order.unit.code,
            "beneficiaryDetails": in_plain_letters(order.holder, at_most=35) or place.account,
            "beneficiaryBankCode": bank,
        }

    def submit(self, desk: Desk, order: Order, wire: Wire) -> Answer:
        """Send it. Only what has surely not been heard, or was surely turned away, is refused."""
        # KCB wants a number there: what a reader of JSON makes of these digits is written again as these digits.
        amount: Any = json.loads(str(wire["debitAmount"]))
        reply = BUNI.submit(_PAY, {**wire, "debitAmount": amount}, desk.secrets)
        return answer_of(reply, order) if isinstance(reply, Reply) else reply

    def query(self, desk: Desk, order: Order, wire: Wire) -> Answer | Waiting:
        """Ask what came of it.

        :raises RailError: if KCB does not say.
        """
        return state_of(BUNI.ask("GET", f"{_ASK}/{order.reference}", desk.secrets), order)

    def hurry(self, desk: Desk, order: Order, wire: Wire, survey: Survey) -> Wire:
        """Return what there was: nothing makes KCB faster."""
        return wire

    def float_of(self, desk: Desk, unit: Unit) -> Decimal | None:
        """Return None: KCB is not asked for its balances."""
        return None


def _why_not(order: Order) -> Refused | None:
    if order.unit.code != _CURRENCY:
        return _NOT_KES
    try:
        known = bank_of(place_of(order.destination)) is not None
    except BadPayee:
        known = False
    return None if known else _NO_BANK


TRANSFERS: Final = _Transfers()
