"""Who can be paid how much from where; and why not, where not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from affiliates.models import Affiliate, Commission, PayoutMethod
from affiliates.queries.payability import Whose, situations_with
from affiliates.rules import Situation, digest_of, obstacles_of_all
from affiliates.states import CommissionState, MethodKind, MethodState
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


class Chooser:
    """Decides for one batch how its payees are paid. It reads what it needs of all of them beforehand."""

    def __init__(self, batch: PayoutBatch, *, at: datetime) -> None:
        self._batch, self._asset, self._at = batch, batch.asset, at
        self._senders = senders_of(batch.program_id, batch.asset, named=batch.accounts)
        self._methods: dict[UUID, list[PayoutMethod]] = {}
        self._situations: dict[Whose, Situation] = {}
        self._wallets: set[str] = set()

    def read(self, affiliates: Collection[Affiliate]) -> None:
        """Read what is known of affiliates, all at once."""
        # What is due is found under the rows' locks, and said when it is.
        live = list(
            PayoutMethod.objects.live()
            .filter(affiliate__in=[affiliate.pk for affiliate in affiliates])
            .order_by("affiliate_id", "-usable_at", "-pk")
        )
        asked = [(affiliate, self._asset.code) for affiliate in affiliates]
        self._situations = situations_with(asked, methods=live, due={})
        for method in live:
            if method.state == MethodState.USABLE:
                self._methods.setdefault(method.affiliate_id, []).append(method)
        here = [m.destination for each in self._methods.values() for m in each if m.kind == MethodKind.WALLET]
        wallets = Wallet.objects.filter(pk__in=here, program=self._batch.program_id, asset=self._asset)
        self._wallets = {str(pk) for pk in wallets.exclude(state=WalletState.CLOSED).values_list("pk", flat=True)}

    def for_affiliate(self, affiliate: Affiliate, due: Decimal) -> Choice:
        """Decide how what is due to an affiliate is paid."""
        situation = replace(self._situations[affiliate.pk, self._asset.code], due=due)
        if due == 0:
            return Choice(due=due, why="nothing_due", reason="Nothing is due.")
        obstacles = obstacles_of_all(situation, at=self._at)
        if obstacles:
            first = obstacles[0]
            return Choice(due=due, why=first.code, reason=first.text, clears_at=first.clears_at)
        refused = Choice(
            due=due, why="no_rail", reason=f"None of their payout methods can be paid in {self._asset.code} from here."
        )
        for method in self._methods.get(affiliate.pk, ()):
            choice = self._by(
                due, method.kind, method.destination, holder=method.holder, digest=method.destination_digest
            )
            if choice.is_payable:
                return replace(choice, method=method)
            refused = choice
        return refused

    def for_outgoing(self, outgoing: Outgoing) -> Choice:
        """Decide how something owed to somebody outside is paid: through the rail that it is to go back to."""
        due = outgoing.amount
        if outgoing.state not in PAYABLE:
            said = outgoing.get_state_display().lower()
            return Choice(due=due, why="not_requested", reason=f"It is {said}.")
        if not outgoing.destination:
            return Choice(due=due, why="no_destination", reason="Nobody has said where it goes.")
        for kind, senders in self._senders.items():
            for sender in senders:
                if sender.account.name == outgoing.rail:
                    return self._from(
                        due, [sender], kind, outgoing.destination, holder=outgoing.holder, is_whole=True,
                        digest=digest_of(kind, outgoing.destination),
                    )  # fmt: skip
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
        choice = self._from(
            due, self._senders.get(kind, ()), kind, destination, holder=withdrawal.holder, is_whole=True,
            digest=digest_of(kind, destination),
        )  # fmt: skip
        most = choice.sender.limits.most if choice.sender else None
        if most is not None and due > most:
            return Choice(due=due, why="above_rail_maximum", reason=f"The rail takes {plain(most)} at most at once.")
        return choice

    def _by(self, due: Decimal, kind: str, destination: str, *, holder: str, digest: str) -> Choice:
        if kind == MethodKind.WALLET:
            if destination not in self._wallets:
                return Choice(due=due, why="no_wallet", reason=f"Their wallet is not one of {self._asset.code}.")
            scale = self._asset.payable_scale
            return _cut(due, Limits(places=scale, least=Decimal(1).scaleb(-scale)), None, kind, destination, "", digest)
        senders = self._senders.get(kind, ())
        return self._from(due, senders, kind, destination, holder=holder, digest=digest)

    def _from(
        self, due: Decimal, senders: Sequence[Sender], kind: str, destination: str, *, holder: str, digest: str,
        is_whole: bool = False,
    ) -> Choice:  # fmt: skip
        if not senders:
            called = MethodKind(kind).label if kind in MethodKind.values else kind
            reason = f"No account of the program sends {self._asset.code} to: {called}."
            return Choice(due=due, why="no_rail", reason=reason)
        if len(senders) > 1:
            names = ", ".join(sender.account.name for sender in senders)
            return Choice(due=due, why="which_account", reason=f"Name the account to pay from: {names}.")
        sender = senders[0]
        choice = _cut(due, sender.limits, sender, kind, destination, holder, digest)
        if choice.is_payable and is_whole and choice.carried:
            return Choice(due=due, why="too_fine", reason=f"{sender.account.name} can't carry {plain(due)} exactly.")
        return choice if not choice.is_payable else replace(choice, fee=self._fee(choice))

    def _fee(self, choice: Choice) -> Decimal | None:
        assert choice.sender is not None
        return choice.sender.payer.fee(choice.amount, unit_of(self._asset))


def _cut(
    due: Decimal, limits: Limits, sender: Sender | None, kind: str, destination: str, holder: str, digest: str
) -> Choice:
    amount, carried = rules.cut_down(due, places=limits.places)
    if amount < limits.least:
        return Choice(due=due, why="below_rail_minimum", reason=f"The rail takes {plain(limits.least)} at least.")
    if limits.most is not None and amount > limits.most * _IN_ONE_GO:
        most = plain(limits.most * _IN_ONE_GO)
        return Choice(due=due, why="above_rail_maximum", reason=f"The rail takes {most} at most.")
    return Choice(
        due=due, amount=amount, carried=carried, sender=sender, destination_kind=kind, destination=destination,
        holder=holder, destination_digest=digest,
    )  # fmt: skip


def affiliates_due(batch: PayoutBatch) -> list[Affiliate]:
    """Return who has something due that the batch could pay, whatever keeps it from being paid."""
    due = Commission.objects.filter(program=batch.program_id, asset=batch.asset_id, state=CommissionState.DUE)
    if batch.until is not None:
        due = due.filter(payable_at__lt=batch.until)
    ids = due.order_by().values("affiliate").distinct()
    found = list(Affiliate.objects.filter(pk__in=ids).order_by("pk"))
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
