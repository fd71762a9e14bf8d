"""Who can be paid how much from where; and why not, where not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from affiliates.models import Affiliate, Commission, PayoutMethod
from affiliates.queries.payability import situations_with
from affiliates.rules import Situation, digest_of, obstacles_of_all
from affiliates.states import CommissionState, MethodKind, MethodState
from identity.queries.settings import setting
from ledger.models import Balance
from ledger.money import ZERO, plain
from payouts import rules
from payouts.models import PayoutBatch
from wallets.models import Outgoing, Wallet, Withdrawal
from wallets.queries.senders import Sender, senders_of, unit_of
from wallets.rails.sending import Limits
from wallets.states import OutgoingState, WalletState, WithdrawalState

_IN_ONE_GO: Final = rules.PARTS_AT_MOST
# Approved in a batch that came to nothing, it waits for the next.
PAYABLE: Final = (OutgoingState.REQUESTED, OutgoingState.APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How somebody is paid, or ``why`` they are not."""

    due: Decimal
    amount: Decimal = ZERO
    carried: Decimal = ZERO
    withheld: Decimal = ZERO
    withheld_base: Decimal = ZERO
    withheld_rate: Decimal = ZERO
    withheld_exact: Decimal = ZERO
    fee: Decimal | None = None
    sender: Sender | None = None
    method: PayoutMethod | None = None
    destination_kind: str = ""
    destination: str = ""
    holder: str = ""
    destination_digest: str = ""
    why: str = ""
    reason: str = ""
    clears_at: datetime | None = None

    @property
    def is_payable(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something is to go."""

    kind: str
    destination: str
    holder: str
    digest: str
    method: PayoutMethod | None = None


class Chooser:
    """Decides for one batch how its payees are paid. It reads what it needs of all of them beforehand."""

    def __init__(self, batch: PayoutBatch, *, at: datetime) -> None:
        self._batch, self._asset, self._at = batch, batch.asset, at
        self._senders = senders_of(batch.program_id, batch.asset, named=batch.accounts)
        self._unit = unit_of(batch.asset)
        self._rate: Decimal = setting("payouts.withholding_rate", batch.program)
        self._methods: dict[UUID, list[PayoutMethod]] = {}
        self._wallets: set[str] = set()

    def for_affiliates(self, affiliates: Collection[Affiliate], due: Mapping[UUID, Decimal]) -> dict[UUID, Choice]:
        """Decide how what is due to each of them is paid: what is known of them is read all at once."""
        live = list(
            PayoutMethod.objects.live()
            .filter(affiliate__in=[affiliate.pk for affiliate in affiliates])
            .order_by("affiliate_id", "-usable_at", "-pk")
            .only("affiliate", "kind", "destination", "holder", "destination_digest", "state", "usable_at")
        )
        code = self._asset.code
        asked = [(affiliate, code) for affiliate in affiliates]
        situations = situations_with(asked, methods=live, due={(pk, code): amount for pk, amount in due.items()})
        for method in live:
            if method.state == MethodState.USABLE:
                self._methods.setdefault(method.affiliate_id, []).append(method)
        here = [m.destination for each in self._methods.values() for m in each if m.kind == MethodKind.WALLET]
        wallets = Wallet.objects.filter(pk__in=here, program=self._batch.program_id, asset=self._asset)
        self._wallets = {str(pk) for pk in wallets.exclude(state=WalletState.CLOSED).values_list("pk", flat=True)}
        return {pk: self._for_affiliate(pk, situations[pk, code]) for pk in due}

    def _for_affiliate(self, affiliate_id: UUID, situation: Situation) -> Choice:
        due = situation.due
        if due == 0:
            return Choice(due=due, why="nothing_due", reason="Nothing is due.")
        obstacles = obstacles_of_all(situation, at=self._at)
        if obstacles:
            first = obstacles[0]
            return Choice(due=due, why=first.code, reason=first.text, clears_at=first.clears_at)
        refused = Choice(
            due=due, why="no_rail", reason=f"None of their payout methods can be paid in {self._asset.code} from here."
        )
        for method in self._methods.get(affiliate_id, ()):
            place = _Place(method.kind, method.destination, method.holder, method.destination_digest, method)
            choice = self._by(due, place)
            if choice.is_payable:
                return choice
            refused = choice
        return refused

    def for_outgoings(self, outgoings: Collection[Outgoing]) -> dict[UUID, Choice]:
        """Decide how what is owed to others outside is paid: through the rails that it is to go back to.

        Due is what its account has: of one that was paid in parts and then given up, that is the rest.
        """
        accounts = [outgoing.account_id for outgoing in outgoings]
        held = dict(Balance.objects.filter(account__in=accounts).values_list("account_id", "amount"))
        return {outgoing.pk: self._for_outgoing(outgoing, held[outgoing.account_id]) for outgoing in outgoings}

    def _for_outgoing(self, outgoing: Outgoing, due: Decimal) -> Choice:
        if outgoing.state not in PAYABLE:
            said = outgoing.get_state_display().lower()
            return Choice(due=due, why="not_requested", reason=f"It is {said}.")
        if due == 0:
            return Choice(due=due, why="nothing_due", reason="Nothing is due.")
        if not outgoing.destination:
            return Choice(due=due, why="no_destination", reason="Nobody has said where it goes.")
        for kind, senders in self._senders.items():
            for sender in senders:
                if sender.account.name == outgoing.rail:
                    digest = digest_of(kind, outgoing.destination)
                    place = _Place(kind, outgoing.destination, outgoing.holder, digest)
                    return self._from(due, [sender], place, is_whole=True)
        return Choice(due=due, why="no_rail", reason=f"Nothing can be sent from {outgoing.rail} now.")

    def for_withdrawal(self, withdrawal: Withdrawal) -> Choice:
        """Decide how what an owner takes out is paid: whole, and in one go, for it is one line of a wallet."""
        due, wallet = withdrawal.amount, withdrawal.wallet
        if withdrawal.state != WithdrawalState.APPROVED:
            said = withdrawal.get_state_display().lower()
            return Choice(due=due, why="not_approved", reason=f"It is {said}: only what is approved is paid.")
        if wallet.state != WalletState.ACTIVE:
            said = wallet.get_state_display().lower()
            return Choice(due=due, why=f"wallet_{said}", reason=f"The wallet is {said}.")
        kind, destination = withdrawal.destination_kind, withdrawal.destination
        place = _Place(kind, destination, withdrawal.holder, digest_of(kind, destination))
        choice = self._from(due, self._senders.get(kind, ()), place, is_whole=True)
        most = choice.sender.limits.most if choice.sender else None
        if most is not None and due > most:
            return Choice(due=due, why="above_rail_maximum", reason=f"The rail takes {plain(most)} at most at once.")
        return choice

    def _by(self, due: Decimal, place: _Place) -> Choice:
        if place.kind == MethodKind.WALLET:
            if place.destination not in self._wallets:
                return Choice(due=due, why="no_wallet", reason=f"Their wallet is not one of {self._asset.code}.")
            scale = self._asset.payable_scale
            return self._cut(due, Limits(places=scale, least=Decimal(1).scaleb(-scale)), None, place)
        return self._from(due, self._senders.get(place.kind, ()), place)

    def _from(self, due: Decimal, senders: Sequence[Sender], place: _Place, *, is_whole: bool = False) -> Choice:
        if not senders:
            called = MethodKind(place.kind).label if place.kind in MethodKind.values else place.kind
            reason = f"No account of the program sends {self._asset.code} to: {called}."
            return Choice(due=due, why="no_rail", reason=reason)
        if len(senders) > 1:
            names = ", ".join(sender.account.name for sender in senders)
            return Choice(due=due, why="which_account", reason=f"Name the account to pay from: {names}.")
        sender = senders[0]
        choice = self._cut(due, sender.limits, sender, place)
        if choice.is_payable and is_whole and choice.carried:
            return Choice(due=due, why="too_fine", reason=f"{sender.account.name} can't carry {plain(due)} exactly.")
        return choice

    def _cut(self, due: Decimal, limits: Limits, sender: Sender | None, place: _Place) -> Choice:
        # Tax is withheld from what was earned; what is owed to somebody outside is owed in full.
        rate = self._rate if place.method else ZERO
        split = rules.split(due, rate=rate, places=limits.places, scale=self._asset.payable_scale)
        amount = split.amount
        if amount < limits.least:
            return Choice(due=due, why="below_rail_minimum", reason=f"The rail takes {plain(limits.least)} at least.")
        if limits.most is not None and amount > limits.most * _IN_ONE_GO:
            most = plain(limits.most * _IN_ONE_GO)
            return Choice(due=due, why="above_rail_maximum", reason=f"The rail takes {most} at most.")
        return Choice(
            due=due, amount=amount, carried=split.carried, withheld=split.withheld, withheld_base=split.base,
            withheld_rate=rate, withheld_exact=split.exact, sender=sender, method=place.method,
            fee=sender.payer.fee(amount, self._unit) if sender else None, destination_kind=place.kind,
            destination=place.destination, holder=place.holder, destination_digest=place.digest,
        )  # fmt: skip


def affiliates_due(batch: PayoutBatch) -> list[Affiliate]:
    """Return who has something due that the batch could pay, whatever keeps it from being paid."""
    due = Commission.objects.filter(program=batch.program_id, asset=batch.asset_id, state=CommissionState.DUE)
    if batch.until is not None:
        due = due.filter(payable_at__lt=batch.until)
    ids = due.order_by().values("affiliate").distinct()
    found = list(Affiliate.objects.filter(pk__in=ids).order_by("pk").only("program", "state"))
    for affiliate in found:
        affiliate.program = batch.program  # one, and not as many as there are affiliates
    return found


def withdrawals_due(batch: PayoutBatch) -> list[Withdrawal]:
    """Return what owners take out that somebody has approved, of the batch's asset."""
    return list(
        Withdrawal.objects.filter(
            program=batch.program_id, wallet__asset=batch.asset_id, state=WithdrawalState.APPROVED
        ).order_by("pk")
    )  # fmt: skip


def outgoings_due(batch: PayoutBatch) -> list[Outgoing]:
    """Return what is owed to others outside, of the batch's asset."""
    return list(
        Outgoing.objects.filter(program=batch.program_id, asset=batch.asset_id, state__in=PAYABLE)
        .select_related("payment__party")
        .order_by("pk")
    )
