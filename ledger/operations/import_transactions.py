"""Book the transactions of a file."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import Final

from django.db import transaction

from audit import context
from audit.operations import record
from identity.models import Program
from ledger.errors import IdempotencyConflict, PostingRefused, UnreadableFile
from ledger.interchange.formats import WrittenTransaction
from ledger.interchange.reading import Read, Source, Unreadable
from ledger.interchange.verdicts import Judgement, Verdict, VerdictFile
from ledger.models import Transaction
from ledger.movements import Booked, Posting
from ledger.operations.open_account import open_account
from ledger.operations.post_many import post_many
from ledger.queries.exporting import told
from ledger.queries.translating import Known, Translator, booked_under, differences
from ledger.rehearsal import Rehearsal

TRANSACTIONS_AT_ONCE: Final = 500
ENTRIES_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Import:
    """What became of a file: how many of each verdict, and whether all of it could be read."""

    counts: Mapping[Judgement, int]
    sha256: str
    import_id: str
    is_resumed: bool
    is_rehearsal: bool

    @property
    def is_clean(self) -> bool:
        """Whether the books now have everything that stands in the file."""
        return not self.counts[Judgement.CONFLICT] and not self.counts[Judgement.REJECTED]


def import_transactions(
    file: Path,
    *,
    program: Program,
    form: str,
    verdicts: Path,
    reason: str,
    at: datetime,
    rehearse: bool = False,
    open_accounts: bool = False,
    key_prefix: str = "",
    tell: Callable[[int], None] = lambda position: None,
) -> Import:
    """Book what stands in ``file`` and write down what became of each transaction; each is booked once, however often
    this is begun, killed and begun again. With ``rehearse`` nothing is booked, and the verdicts say what would be.

    :raises UnreadableFile: if it is no file of ours, or changes meanwhile.
    :raises ImportUnderWay: if the verdicts are another import's.
    """
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        opened.seek(0)
        batches = _batches(Source(opened, form=form), tell)
        first = next(batches, [])  # a file that is none of ours is refused before anything knows of it
        of = {"sha256": sha256, "program": program.slug, "key_prefix": key_prefix, "rehearsal": rehearse}
        with closing(VerdictFile(verdicts, of=of, import_id=context.new_correlation_id())) as written:
            acting = replace(context.current(), correlation_id=written.import_id, program_id=program.pk)
            with context.acting(acting):
                note = _Note(program, {**of, "file": file.name, "reason": reason}, at)
                desk = _Desk(program, written, rehearse=rehearse, opens=open_accounts, key_prefix=key_prefix, at=at)
                if not rehearse:
                    note.record("resumed" if written.is_resumed else "began", {})
                for batch in chain([first], batches):
                    desk.judge(batch)
                desk.end()
                _check_unchanged(opened, sha256)
                if not rehearse:
                    note.record("ended", {str(one): desk.counts[one] for one in Judgement})
            written.finish()
    return Import(desk.counts, sha256, written.import_id, written.is_resumed, rehearse)


@dataclass(frozen=True, slots=True)
class _Note:
    program: Program
    of: Mapping[str, object]
    at: datetime

    @transaction.atomic
    def record(self, what: str, counts: Mapping[str, int]) -> None:
        payload = {**self.of, **counts}
        record(f"ledger.import.{what}", subject=self.program, at=self.at, program_id=self.program.pk, payload=payload)


def _check_unchanged(file: BufferedReader, sha256: str) -> None:
    file.seek(0)
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        raise UnreadableFile(reason="it changed while it was read; what was booked stands in the verdicts so far")


def _batches(source: Source, tell: Callable[[int], None]) -> Iterator[list[Read]]:
    """Put together what can be booked at once: nothing that takes back what is in the same batch."""
    batch: list[Read] = []
    keys: set[str] = set()
    entries = 0
    for one in source.read():
        if isinstance(one, WrittenTransaction):
            if len(batch) >= TRANSACTIONS_AT_ONCE or entries >= ENTRIES_AT_ONCE or keys & {
                one.reverses_key, one.corrects_key
            }:  # fmt: skip
                yield batch
                tell(source.position)
                batch, keys, entries = [], set(), 0
            keys.add(one.key)
            entries += len(one.entries)
        elif len(batch) >= TRANSACTIONS_AT_ONCE:
            yield batch
            tell(source.position)
            batch, keys, entries = [], set(), 0
        batch.append(one)
    if batch:
        yield batch
    tell(source.position)


@dataclass(slots=True)
class _Desk:
    """Judges batch by batch: in fact, or on paper."""

    program: Program
    written: VerdictFile
    rehearse: bool
    opens: bool
    key_prefix: str
    at: datetime
    counts: Counter[Judgement] = field(default_factory=Counter)
    translator: Translator = field(init=False)
    book: Callable[[Sequence[Posting]], Sequence[Booked | PostingRefused]] = field(init=False)
    earlier: Iterator[tuple[Verdict, int]] = field(init=False)
    kept_until: int = field(init=False)
    is_first: bool = True  # nothing was booked since it was begun, or begun again

    def __post_init__(self) -> None:
        if self.rehearse:
            paper = Rehearsal(self.program)
            opener, booked, self.book = paper.open_account, paper.booked, paper.book
            self.written.keep(self.written.start)  # what was rehearsed is nowhere
        else:
            opener, booked, self.book = self._open_account, self._booked, _book
        self.translator = Translator(self.program, self.key_prefix, opener if self.opens else None, booked)
        self.earlier, self.kept_until = self.written.earlier(), self.written.start

    def judge(self, batch: Sequence[Read]) -> None:
        """Book what can be, and write down what became of each."""
        rest = self._behind_what_stands(batch)
        if not rest:
            return
        readable = [one for one in rest if isinstance(one, WrittenTransaction)]
        judged = dict(zip(map(id, readable), self._judge(readable), strict=True))
        verdicts = [judged[id(one)] if isinstance(one, WrittenTransaction) else _unread(one) for one in rest]
        self.written.write(verdicts)
        self.counts.update(verdict.verdict for verdict in verdicts)
        self.is_first = False

    def end(self) -> None:
        """Take away what was left of a torn verdict behind the last one that stands."""
        if self.is_first:
            self.written.keep(self.kept_until)

    def _behind_what_stands(self, batch: Sequence[Read]) -> Sequence[Read]:
        """Return what no verdict stands for; the books have to bear out those that do, or they are forgotten."""
        if not self.is_first:
            return batch
        stand: list[Verdict] = []
        until = self.kept_until
        for one in batch:
            verdict, end = next(self.earlier, (None, 0))
            if verdict is None or verdict.line != one.line:
                break
            stand.append(verdict)
            until = end
        if not self._bears_out(batch, stand):
            stand, until = [], self.kept_until
        self.kept_until = until
        if len(stand) < len(batch):
            self.written.keep(until)
        self.counts.update(verdict.verdict for verdict in stand)
        return batch[len(stand) :]

    def _bears_out(self, batch: Sequence[Read], stand: Sequence[Verdict]) -> bool:
        keys = {
            self.translator.key(one.key)
            for one, verdict in zip(batch, stand, strict=False) if verdict.verdict.is_booked
        }  # fmt: skip
        rows = Transaction.objects.under_keys(self.program.pk, keys)
        return not keys or rows.count() == len(keys)

    def _judge(self, batch: Sequence[WrittenTransaction]) -> list[Verdict]:
        postings = self.translator.postings(batch)
        outcomes = iter(self.book([one for one in postings if isinstance(one, Posting)]))
        found = [next(outcomes) if isinstance(one, Posting) else one for one in postings]
        same = self._same_as_booked(batch, found)
        ours = self._ours(found) if self.is_first and self.written.is_resumed else set()
        verdicts = []
        for one, outcome in zip(batch, found, strict=True):
            if one.line in same:
                verdicts.append(_verdict(one, Judgement.DUPLICATE, transaction=same[one.line]))
            elif isinstance(outcome, Booked):
                booked = str(outcome.id)
                is_new = not outcome.is_replay or booked in ours
                ours.discard(booked)  # a twin in the file is one
                judgement = Judgement.ACCEPTED if is_new else Judgement.DUPLICATE
                shown = "" if self.rehearse and is_new else booked
                verdicts.append(_verdict(one, judgement, transaction=shown))
            else:
                verdicts.append(_refused(one, outcome))
        return verdicts

    def _same_as_booked(
        self, batch: Sequence[WrittenTransaction], found: Sequence[Booked | PostingRefused]
    ) -> dict[int, str]:
        """Return the lines of what differs from what was asked for then, and not from what came of it."""
        differing: dict[str, list[WrittenTransaction]] = {}
        for one, outcome in zip(batch, found, strict=True):
            if isinstance(outcome, IdempotencyConflict):
                differing.setdefault(self.translator.key(one.key), []).append(one)
        rows = Transaction.objects.under_keys(self.program.pk, differing)
        ids = list(rows.values_list("pk", flat=True)) if differing else []
        same = {}
        for booked in told(ids):
            for one in differing[booked["key"]]:
                if not differences(one, booked, self.translator.key):
                    same[one.line] = booked["id"]
        return same

    def _ours(self, found: Sequence[Booked | PostingRefused]) -> set[str]:
        """Return what this import booked before it was killed, and had no time to write down."""
        replayed = [one.id for one in found if isinstance(one, Booked) and one.is_replay]
        rows = Transaction.objects.filter(pk__in=replayed, correlation_id=self.written.import_id)
        return {str(pk) for pk in rows.values_list("pk", flat=True)}

    def _booked(self, keys: Iterable[str]) -> Mapping[str, Known]:
        return booked_under(keys, program_id=self.program.pk)

    def _open_account(self, code: str, asset_code: str) -> int:
        return open_account(code, program=self.program, asset_code=asset_code, at=self.at).pk


def _book(postings: Sequence[Posting]) -> list[Booked | PostingRefused]:
    try:
        return post_many(postings, each=True)
    except PostingRefused:
        # A refusal that only the database could tell refuses the batch; which one it was shows one by one.
        outcomes: list[Booked | PostingRefused] = []
        for posting in postings:
            try:
                outcomes += post_many([posting], each=True)
            except PostingRefused as refusal:
                outcomes.append(refusal)
        return outcomes


def _verdict(one: WrittenTransaction, judgement: Judgement, *, transaction: str) -> Verdict:
    return Verdict(one.line, one.key[:255], judgement, transaction=transaction)


def _refused(one: WrittenTransaction, refusal: PostingRefused) -> Verdict:
    judgement = Judgement.CONFLICT if isinstance(refusal, IdempotencyConflict) else Judgement.REJECTED
    return Verdict(one.line, one.key[:255], judgement, refusal.code, str(refusal)[:500])


def _unread(one: Unreadable) -> Verdict:
    return Verdict(one.line, one.key[:255], Judgement.REJECTED, one.refusal.code, str(one.refusal)[:500])
