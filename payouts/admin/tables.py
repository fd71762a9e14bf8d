"""The tables on a batch's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from affiliates.admin.screens import Cell, Table, day, page_of
from identity.states import Decision
from ledger.admin.shown import grouped
from payouts.admin.screens import PAYEES, listed, payee_of
from payouts.models import BatchMaker, Payout, PayoutBatch
from payouts.queries.batches import counts_of, totals_by_rail, withheld_of
from payouts.queries.flags import FLAGS, flagged
from payouts.states import BatchState, PayoutState

SHOWN = 20
_DONE = (PayoutState.PAID, PayoutState.RELEASED, PayoutState.RETURNED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: what is done of what was agreed on, and how many payouts are in each state."""

    done: int
    of: int
    lines: list[tuple[str, int, str, str]]  # state in words, how many, how much, and where they are listed

    @property
    def percent(self) -> int:
        return 100 * self.done // self.of if self.of else 0


def progress_of(row: PayoutBatch) -> Progress:
    """Return how far a batch is."""
    counts = counts_of(row)
    lines = [
        (
            PayoutState(state).label, count, grouped(total, row.asset, named=True),
            listed("payout", batch__id__exact=row.pk, state__exact=state),
        )
        for state, (count, total) in sorted(counts.items())
    ]  # fmt: skip
    agreed = sum(count for state, (count, _) in counts.items() if state != PayoutState.EXCLUDED)
    return Progress(sum(counts[state][0] for state in _DONE if state in counts), agreed, lines)


def warnings_of(row: PayoutBatch, counts: Mapping[str, tuple[int, Decimal]]) -> list[str]:
    """Return what somebody has to look at."""
    found = []
    for state, words in (
        (PayoutState.UNKNOWN, "may have been paid, and nobody knows. They are asked about, and never sent again."),
        (PayoutState.FAILED, "failed. Try them again, or release what they would have paid."),
        (PayoutState.HELD, "are held back. Each says why."),
    ):
        if state in counts:
            found.append(f"{counts[state][0]} of its payouts {words}")
    if row.state == BatchState.EXPIRED:
        found.append("Nobody had it sent in time. What it would have paid is due again.")
    return found


def rails_of(row: PayoutBatch) -> Table:
    """Return what is sent from where."""
    withheld = withheld_of(row)
    kept = [("Withheld, as tax", "", grouped(withheld, row.asset, named=True), "")] if withheld else []
    return Table(
        "From where", ("Account", "#Payouts", "#Total", "#Fees, about"),
        [
            *(
                (rail.account, rail.count, grouped(rail.total, row.asset, named=True),
                 grouped(rail.fees, row.asset, named=True) if rail.fees is not None else "not known")
                for rail in totals_by_rail(row)
            ),
            *kept,
        ],
        empty="Nothing is in it yet. Collect what is due.",
    )  # fmt: skip


def flags_table(row: PayoutBatch, *, at: datetime) -> Table:
    """Return what to look at twice."""
    found = flagged(row, at=at)
    names = {
        str(payout.pk): payout
        for payout in Payout.objects.filter(pk__in=[pk for ids in found.values() for pk in ids[:SHOWN]]).select_related(
            *PAYEES, "asset"
        )
    }
    return Table(
        "Look at these twice", ("Payee", "What is strange", "#Amount"),
        [
            (
                Cell(payee_of(names[pk]), page_of(names[pk])), FLAGS[flag],
                grouped(names[pk].amount, row.asset, named=True),
            )
            for flag, ids in found.items()
            for pk in ids[:SHOWN]
        ],
        empty="Nothing is strange.",
    )  # fmt: skip


def payouts_of(row: PayoutBatch) -> Table:
    """Return the first payouts of a batch: what is wrong first."""
    order = [PayoutState.UNKNOWN, PayoutState.FAILED, PayoutState.HELD]
    rows = list(Payout.objects.filter(batch=row).select_related(*PAYEES, "rail_account", "asset").order_by("pk")[:500])
    rows.sort(key=lambda payout: order.index(PayoutState(payout.state)) if payout.state in order else len(order))
    is_taxed = any(payout.withheld for payout in rows)
    return Table(
        "Payouts", ("Payee", "State", "Why", "To", "From", *(("#Withheld",) if is_taxed else ()), "#Amount"),
        [
            (
                Cell(payee_of(payout), page_of(payout)), payout.get_state_display(), payout.reason, payout.masked,
                payout.rail_account.name if payout.rail_account else "here" if payout.destination else "",
                *((grouped(payout.withheld, row.asset, named=True) if payout.withheld else "",) if is_taxed else ()),
                grouped(payout.amount, row.asset, named=True),
            )
            for payout in rows[:SHOWN]
        ],
        empty="Nobody yet.", more=("All of them", listed("payout", batch__id__exact=row.pk)),
    )  # fmt: skip


def makers_of(row: PayoutBatch) -> Table:
    """Return who had a hand in it."""
    makers = BatchMaker.objects.filter(batch=row).select_related("user").order_by("pk")
    return Table(
        "Who had a hand in it, and so no vote", ("Who", "How", "When"),
        [(str(maker.user), maker.get_role_display(), day(maker.at)) for maker in makers[:100]], empty="Nobody.",
    )  # fmt: skip


def votes_of(row: PayoutBatch) -> Table:
    """Return who voted on it."""
    votes = row.proposal.votes.select_related("by").order_by("at") if row.proposal else []
    return Table(
        "Votes", ("Who", "What", "Comment", "When"),
        [(str(vote.by), Decision(vote.decision).label, vote.comment, day(vote.at)) for vote in votes],
        empty="None.",
    )  # fmt: skip
