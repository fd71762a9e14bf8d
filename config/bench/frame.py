"""How a benchmark is run: contenders take turns, each round gives a ratio, the median of the rounds is the figure.

Times differ from machine to machine and from minute to minute; two contenders a second apart share the minute.
"""

import gc
import math
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from django.db import connection

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that can be timed: doing it once performs ``operations`` operations."""

    name: str
    operations: int
    do: Callable[[], object]
    # What has to be there first, and is not timed.
    prepare: Callable[[], object] | None = None
    # How many in a second there are to be, where that was said of any machine and not beside a reference.
    wanted: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio of interest: how fast ``ours`` is for each second of ``reference``, and what it is to be."""

    meaning: str
    ours: str
    reference: str
    target: float | None


@dataclass(frozen=True, slots=True)
class Timed:
    """Something that somebody waits for: done ``times`` times, and 99 of 100 are to take no longer than that."""

    name: str
    times: int
    do: Callable[[], object]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Sampled:
    """Something that is done by others and timed by them, once everything else has been: 99 of 100 as above."""

    name: str
    take: Callable[[], Sequence[float]]  # milliseconds, of each
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """Something that is to be no larger than that, found out once everything else has been done."""

    name: str
    unit: str
    weigh: Callable[[], float]
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A question about speed, the contenders that answer it, and the figures read off.

    One that ``needs_books`` gives its contenders the grown ledger. What takes minutes has few rounds, and warms up in
    none. What differs much from round to round has ``turns`` rounds for each that is asked for.
    """

    name: str
    question: str
    contenders: Callable[..., AbstractContextManager[Sequence[Contender | Timed | Sampled | Weighed]]]
    figures: tuple[Figure, ...]
    needs_books: bool = False
    rounds_at_most: int | None = None
    turns: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A figure as measured: the median ratio and the spread over the rounds."""

    meaning: str
    ours: str
    reference: str
    target: float | None
    ratio: float
    lowest: float
    highest: float

    @property
    def is_met(self) -> bool:
        return self.target is None or self.ratio >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long something took that somebody waits for, and how long it may."""

    name: str
    times: int
    median: float  # milliseconds
    p99: float
    limit: float

    @property
    def is_met(self) -> bool:
        return self.p99 <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many in a second there were, where so many are wanted."""

    rate: float
    wanted: float

    @property
    def is_met(self) -> bool:
        return self.rate >= self.wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How large something is, and how large it may be."""

    name: str
    unit: str
    weight: float
    limit: float

    @property
    def is_met(self) -> bool:
        return self.weight <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a benchmark found."""

    name: str
    question: str
    rounds: int
    rates: dict[str, float] = field(default_factory=dict)  # operations in a second, median
    paces: dict[str, Pace] = field(default_factory=dict)  # of those of whom so many are wanted
    readings: tuple[Reading, ...] = ()
    timings: tuple[Timing, ...] = ()
    weights: tuple[Weight, ...] = ()


def run(benchmark: Benchmark, *, rounds: int = ROUNDS, books: object = None) -> Report:
    """Run ``benchmark`` and return what it found; ``books`` is the grown ledger, where it is needed."""
    rounds *= benchmark.turns
    rounds = min(rounds, benchmark.rounds_at_most or rounds)
    with benchmark.contenders(books) if benchmark.needs_books else benchmark.contenders() as all_of_them:
        contenders = [each for each in all_of_them if isinstance(each, Contender)]
        rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
        if benchmark.rounds_at_most is None:
            for contender in contenders:
                _rate(contender)  # caches, plans and connections are warm for everybody
        for turn in _orders(contenders, rounds) if contenders else ():
            for contender in turn:
                rates[contender.name].append(_rate(contender))
        timings = tuple(_timing(each) for each in all_of_them if isinstance(each, Timed | Sampled))
        weights = tuple(_weight(each) for each in all_of_them if isinstance(each, Weighed))
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    return Report(
        name=benchmark.name,
        question=benchmark.question,
        rounds=rounds,
        rates=medians,
        paces={each.name: Pace(rate=medians[each.name], wanted=each.wanted) for each in contenders if each.wanted},
        readings=tuple(_reading(figure, rates) for figure in benchmark.figures),
        timings=timings,
        weights=weights,
    )


def _weight(weighed: Weighed) -> Weight:
    return Weight(name=weighed.name, unit=weighed.unit, weight=weighed.weigh(), limit=weighed.limit)


def _timing(timed: Timed | Sampled) -> Timing:
    took = sorted(timed.take() if isinstance(timed, Sampled) else _taken(timed))
    p99 = took[math.ceil(len(took) * 0.99) - 1]
    return Timing(name=timed.name, times=len(took), median=statistics.median(took), p99=p99, limit=timed.milliseconds)


def _taken(timed: Timed) -> list[float]:
    timed.do()
    took = []
    for _ in range(timed.times):
        began = time.perf_counter()
        timed.do()
        took.append((time.perf_counter() - began) * 1000)
    return took


def _orders(contenders: Sequence[Contender], rounds: int) -> Iterator[Sequence[Contender]]:
    """Yield every round's order; each round begins with another one, so that nobody always comes after the same."""
    for number in range(rounds):
        first = number % len(contenders)
        yield [*contenders[first:], *contenders[:first]]


def _rate(contender: Contender) -> float:
    if contender.prepare:
        contender.prepare()
    gc.collect()
    began = time.perf_counter()
    contender.do()
    return contender.operations / (time.perf_counter() - began)


def _reading(figure: Figure, rates: dict[str, list[float]]) -> Reading:
    pairs = zip(rates[figure.ours], rates[figure.reference], strict=True)
    ratios = [ours / reference for ours, reference in pairs]
    return Reading(
        meaning=figure.meaning,
        ours=figure.ours,
        reference=figure.reference,
        target=figure.target,
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )


def peak_mb() -> int:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024


def conditions() -> dict[str, str]:
    """Return what the figures depend on: what the database promises, and the machine."""
    settings = ("server_version", "synchronous_commit", "fsync", "full_page_writes", "wal_level", "shared_buffers")
    with connection.cursor() as cursor:
        found = {}
        for name in settings:
            cursor.execute("SELECT current_setting(%s)", [name])
            found[name] = str(cursor.fetchone()[0])
    return {**found, "cores": str(os.cpu_count()), "python": platform.python_version()}
