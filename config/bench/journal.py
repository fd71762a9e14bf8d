"""What the journal costs: `record()` against the same INSERT by hand, into the same table with the same indexes."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from audit.context import acting_as
from audit.operations import record
from config.bench.frame import Benchmark, Contender, Figure
from identity.models import Program
from identity.operations import create_program

LINES = 200
BATCH = 50
PAYLOAD = {"slug": "bench", "name": "Benchmark", "lines": [1, 2, 3]}

_INSERT = """
INSERT INTO audit_entry (id, at, actor_type, actor_id, program_id, action, subject_type, subject_id, payload,
                         correlation_id)
VALUES (%s, %s, 'command', 'bench', %s, 'identity.program.created', 'identity.program', %s, %s, %s)
"""


@contextmanager
def _contenders() -> Iterator[Sequence[Contender]]:
    with acting_as("command", "bench") as context:
        program = create_program(name="Benchmark", slug="bench", at=timezone.now())

        def by_hand(per_commit: int) -> None:
            values = (program.pk, str(program.pk), json.dumps(PAYLOAD), context.correlation_id)
            for _ in range(LINES // per_commit):
                with transaction.atomic(), connection.cursor() as cursor:
                    for _ in range(per_commit):
                        cursor.execute(_INSERT, [uuid7(), timezone.now(), *values])

        def by_record(per_commit: int) -> None:
            for _ in range(LINES // per_commit):
                with transaction.atomic():
                    for _ in range(per_commit):
                        _record(program)

        yield (
            Contender("record, one a commit", LINES, lambda: by_record(1)),
            Contender("INSERT by hand, one a commit", LINES, lambda: by_hand(1)),
            Contender("record, 50 a commit", LINES, lambda: by_record(BATCH)),
            Contender("INSERT by hand, 50 a commit", LINES, lambda: by_hand(BATCH)),
        )


def _record(program: Program) -> None:
    record("identity.program.created", subject=program, at=timezone.now(), payload=PAYLOAD, program_id=program.pk)


JOURNAL = Benchmark(
    name="journal",
    question="What does a line of the journal cost beside the bare INSERT it ends in?",
    contenders=_contenders,
    figures=(
        Figure("a line in a transaction of its own", "record, one a commit", "INSERT by hand, one a commit", 0.7),
        Figure("50 lines in one transaction", "record, 50 a commit", "INSERT by hand, 50 a commit", 0.35),
    ),
)
