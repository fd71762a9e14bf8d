"""Send what is approved and due from one rail account, a group at a time."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from secrets import randbelow
from time import monotonic
from typing import Final
from uuid import UUID

import structlog
from django.utils import timezone

from payouts import rules
from payouts.errors import Stopped
from payouts.models import Attempt, Desk
from payouts.operations.lease_desk import give_desk_back, lease_desk
from payouts.operations.let_go import let_go
from payouts.operations.record_answers import record_answers
from payouts.operations.store_attempts import store_attempts
from payouts.operations.take_numbers import take_numbers
from payouts.queries.accounts import desk_of, payer_of
from payouts.queries.sendable import order_of, wanted_from
from payouts.states import AttemptState
from wallets.models import RailAccount
from wallets.rails import RailError
from wallets.rails.sending import Accepted, Answer, Order, Paid, Payer, Refused, Unclear
from wallets.rails.sending import Desk as RailDesk
from wallets.states import RailAccountState

CALLS_AT_ONCE: Final = 8

_log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Sent:
    """What came of a turn, by what the rails said."""

    counts: dict[str, int] = field(default_factory=dict)
    waits_for: str = ""

    def note(self, answer: Answer) -> None:
        """Count an answer."""
        called = {Accepted: "accepted", Paid: "paid", Refused: "refused", Unclear: "unclear"}[type(answer)]
        self.counts[called] = self.counts.get(called, 0) + 1


def send_due(
    account_id: UUID, *, holder: str, seconds_at_most: float, groups_at_most: int | None = None,
    clock: Clock = timezone.now,
) -> Sent:  # fmt: skip
    """Take the account's desk, finish what somebody who died has left there, and send group after group.

    It commits before every call, so it must not be called in a transaction. A crash leaves one group at most of which
    nobody knows. Somebody else who has the desk is left alone, as is what people carry in files.
    """
    account = RailAccount.objects.select_related("program").get(pk=account_id)
    sent = Sent()
    if account.state != RailAccountState.ACTIVE or payer_of(account).by_file:
        return sent
    if not lease_desk(account_id, holder=holder, at=clock()):
        return sent
    try:
        turn = _Turn(account, holder=holder, clock=clock, sent=sent)
        turn.resume()
        ends_at, groups = monotonic() + seconds_at_most, 0
        while monotonic() < ends_at and (groups_at_most is None or groups < groups_at_most):
            if not lease_desk(account_id, holder=holder, at=clock()) or not turn.send_group():
                break
            groups += 1
    except (RailError, Stopped) as waits:
        sent.waits_for = str(waits)
        _log.warning("payouts.sending_waits", account=str(account_id), reason=str(waits))
        _say_on_desk(account_id, str(waits), at=clock())
    finally:
        give_desk_back(account_id, holder=holder)
    return sent


class _Turn:
    """One holder's turn at one desk."""

    def __init__(self, account: RailAccount, *, holder: str, clock: Clock, sent: Sent) -> None:
        self._account, self._holder, self._clock, self._sent = account, holder, clock, sent
        self._payer: Payer = payer_of(account)
        self._desk: RailDesk = desk_of(account)

    def resume(self) -> None:
        """Go on with what is stored: what was never called is sent now; of what was called we have lost sight."""
        stored = list(
            Attempt.objects.filter(rail_account=self._account, state=AttemptState.STORED)
            .select_related("payout__asset", "payout__batch")
            .order_by("pk")
        )
        lost = [attempt for attempt in stored if attempt.called_at is not None]
        if self._payer.may_repeat:
            # The same bytes again can't pay twice, so there is nothing to be unclear about.
            self._record([(attempt.pk, self._payer.submit(self._desk, *_told(attempt))) for attempt in lost])
        else:
            self._record([(attempt.pk, Unclear(reason="We stopped while it was being sent.")) for attempt in lost])
        self._send([attempt for attempt in stored if attempt.called_at is None])

    def send_group(self) -> bool:
        """Send the next group; False when there is nothing more to send now."""
        wanted = wanted_from(self._account, payer=self._payer, at=self._clock())
        if not wanted:
            return False
        numbers = take_numbers("reference", count=len(wanted))
        named = {
            rules.reference_of(number, randbelow(32**4)): each for number, each in zip(numbers, wanted, strict=True)
        }
        self._desk = desk_of(self._account)
        survey = self._payer.survey(self._desk, [each.order(reference) for reference, each in named.items()])
        attempts = store_attempts(
            self._account, named, payer=self._payer, rail_desk=self._desk, survey=survey, holder=self._holder,
            at=self._clock(),
        )  # fmt: skip
        self._send(attempts)
        return bool(attempts)

    def _send(self, attempts: Sequence[Attempt]) -> None:
        """Call the rail for each, several at once, and take in what it says: also of those before a stop."""
        answers: list[tuple[UUID, Answer]] = []
        try:
            for pair in self._answers(attempts):
                answers.append(pair)
        finally:
            self._record(answers)

    def _answers(self, attempts: Sequence[Attempt]) -> Iterator[tuple[UUID, Answer]]:
        """Call the rail for as many at once as it has room for, each right after it was let go."""
        waiting, calls = deque(attempts), dict[Future[Answer], UUID]()
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            try:
                while waiting:
                    room = min(CALLS_AT_ONCE - len(calls), len(waiting))
                    for attempt in self._let_go([waiting.popleft() for _ in range(room)]):
                        calls[pool.submit(self._payer.submit, self._desk, *_told(attempt))] = attempt.pk
                    if calls:
                        yield from _finished(calls)
            finally:
                while calls:
                    yield from _finished(calls)

    def _let_go(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        going = let_go(
            [attempt.pk for attempt in attempts], program_id=self._account.program_id, account_id=self._account.pk,
            holder=self._holder, at=self._clock(),
        )  # fmt: skip
        return [attempt for attempt in attempts if attempt.pk in going]

    def _record(self, answers: Sequence[tuple[UUID, Answer]]) -> None:
        if answers:
            record_answers(answers, at=self._clock())
            for _, answer in answers:
                self._sent.note(answer)


def _finished(calls: dict[Future[Answer], UUID]) -> Iterator[tuple[UUID, Answer]]:
    done, _ = wait(calls, return_when=FIRST_COMPLETED)
    for future in done:
        yield calls.pop(future), future.result()


def _told(attempt: Attempt) -> tuple[Order, dict[str, object]]:
    return order_of(attempt.payout, amount=attempt.amount, reference=attempt.reference), attempt.wire


def _say_on_desk(account_id: UUID, reason: str, *, at: datetime) -> None:
    Desk.objects.filter(pk=account_id).exclude(waits_for=reason[:500]).update(waits_for=reason[:500], waits_since=at)
