"""Benchmarks: ours and a reference measured in one run, in turn, so that what is said is a ratio and not a machine."""

from config.bench.crowd import CROWD
from config.bench.frame import Benchmark
from config.bench.intents import INTENTS
from config.bench.journal import JOURNAL
from config.bench.later import LATER
from config.bench.pages import PAGES
from config.bench.paying import PAYING
from config.bench.phones import PHONES
from config.bench.postings import POSTINGS
from config.bench.reads import READS
from config.bench.settling import SETTLING
from config.bench.statements import STATEMENTS
from config.bench.storage import STORAGE
from config.bench.verify import VERIFY
from config.bench.wallets import SPENDING

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        JOURNAL,
        PAGES,
        POSTINGS,
        CROWD,
        STORAGE,
        INTENTS,
        LATER,
        READS,
        VERIFY,
        SPENDING,
        SETTLING,
        PAYING,
        PHONES,
        STATEMENTS,
    )
}

# Named as one: all that is asked about a room.
GROUPS: dict[str, tuple[str, ...]] = {
    "ledger": ("postings", "crowd", "storage", "later", "reads", "verify"),
    "wallets": ("spending",),
    "affiliates": ("settling",),
    "payouts": ("paying", "phones", "statements"),
}
