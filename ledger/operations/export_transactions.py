"""Send a program's transactions out of the house."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from identity.models import Program
from identity.operations import note_export
from ledger.errors import UnknownAccount
from ledger.interchange.writing import written
from ledger.models import Account, Transaction
from ledger.queries.exporting import Selection, count_selected, selected

_FORM_LABELS: Final = {"csv": "CSV", "jsonl": "JSON Lines"}


@dataclass(frozen=True, slots=True)
class Export:
    """How many transactions leave, and the lines that say them."""

    count: int
    lines: Iterator[str]


def export_transactions(
    program: Program, *, after: datetime, until: datetime, account: str = "", form: str, at: datetime
) -> Export:
    """Note the export in the journal, and return it: what was booked behind ``after`` and up to ``until``.

    With ``account``, transactions with an entry on the account of that code, in whichever asset.

    :raises UnknownAccount: if the program has no such account.
    """
    account_ids: tuple[int, ...] = ()
    if account:
        account_ids = tuple(Account.objects.filter(program=program, code=account).values_list("pk", flat=True))
        if not account_ids:
            raise UnknownAccount(account=account[:120])
    asked = Selection(program.pk, after, until, account_ids)
    count = count_selected(asked)
    narrowed = {"after": after.isoformat(), "until": until.isoformat(), "account": account}
    note_export(
        Transaction, program=program, count=count, at=at, narrowed_by={**narrowed, "format": _FORM_LABELS[form]}
    )
    told = {"program": program.slug, **narrowed}
    return Export(count, written(chain.from_iterable(selected(asked)), form=form, of=told))
