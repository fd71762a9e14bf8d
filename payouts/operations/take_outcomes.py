"""Take in what a rail's notices say came of payouts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from payouts.models import Attempt
from payouts.operations.record_answers import record_answers
from payouts.operations.take_return import take_return
from wallets.models import RailEvent
from wallets.rails import Applied, Delivery, Ignored
from wallets.rails.sending import RETURNED, Answer, Told, told_in

_Names = Mapping[tuple[UUID, str], Attempt]


def take_outcomes(deliveries: Sequence[Delivery], at: datetime) -> list[Applied | Ignored]:
    """Find the attempts by our reference or the rail's, and record what came of them. It is asked for in a transaction.

    Of several about one attempt each is taken in, in the order in which they are given.
    """
    ids = [delivery.event_id for delivery in deliveries]
    accounts = dict(RailEvent.objects.filter(pk__in=ids).values_list("pk", "account"))
    told = [told_in(delivery.notice) for delivery in deliveries]
    ours, theirs = _attempts(told, accounts=set(accounts.values()))

    done: dict[int, Applied | Ignored] = {}
    rounds: list[dict[UUID, Answer]] = []
    found: dict[int, Attempt] = {}
    for place, (delivery, said) in enumerate(zip(deliveries, told, strict=True)):
        account_id, name = accounts[delivery.event_id], said.reference or said.rail_reference
        attempt = (ours if said.reference else theirs).get((account_id, name)) if name else None
        if attempt is None:
            done[place] = Ignored(f"no payout of ours is called {name}" if name else "it names no payout")
        elif delivery.notice.kind == RETURNED:
            done[place] = take_return(attempt, said, at=at)
        else:
            found[place] = attempt
            _put(rounds, attempt.pk, said.outcome)
    for answers in rounds:
        record_answers(list(answers.items()), at=at)

    states = dict(Attempt.objects.filter(pk__in=[attempt.pk for attempt in found.values()]).values_list("pk", "state"))
    for place, attempt in found.items():
        result = {"payout": str(attempt.payout_id), "attempt": attempt.reference, "state": states[attempt.pk]}
        done[place] = Applied(result)
    return [done[place] for place in range(len(deliveries))]


def _attempts(told: Sequence[Told], *, accounts: set[UUID]) -> tuple[_Names, _Names]:
    """Return the attempts that are named, by our reference and by the rail's."""
    here = Attempt.objects.filter(rail_account__in=accounts).order_by("pk")  # of several of one name the last counts
    ours = here.filter(reference__in={each.reference for each in told if each.reference})
    theirs = here.filter(rail_reference__in={each.rail_reference for each in told if not each.reference} - {""})
    return (
        {(attempt.rail_account_id, attempt.reference): attempt for attempt in ours},
        {(attempt.rail_account_id, attempt.rail_reference): attempt for attempt in theirs},
    )


def _put(rounds: list[dict[UUID, Answer]], attempt_id: UUID, outcome: Answer) -> None:
    """Put an answer into the first round that has none of this attempt."""
    for answers in rounds:
        if attempt_id not in answers:
            answers[attempt_id] = outcome
            return
    rounds.append({attempt_id: outcome})
