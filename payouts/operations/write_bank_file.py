"""Write what is to be sent from an account into a file that people carry to its bank."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from secrets import randbelow
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from audit.errors import WrongState
from audit.operations import record
from identity.models import User
from ledger.money import plain
from payouts import rules
from payouts.errors import DeskIsTaken, NoFile, RailOutOfUse
from payouts.models import Attempt, BankFile, Desk, PayoutBatch
from payouts.operations.lease_desk import give_desk_back, lease_desk
from payouts.operations.record_answers import record_answers
from payouts.operations.require_running import require_running
from payouts.operations.store_attempts import store_attempts
from payouts.operations.take_numbers import take_numbers
from payouts.queries.accounts import desk_of, payer_of
from payouts.queries.bank_files import file_account
from payouts.queries.batches import batch_of, locked_batch
from payouts.queries.sendable import wanted_from
from payouts.states import RUNNING
from wallets.models import RailAccount
from wallets.rails.bankfile.instructions import total_of, write_instructions
from wallets.rails.bankfile.payer import instruction_of
from wallets.rails.sending import Accepted
from wallets.states import RailAccountState

# What a page waits for, and a file has room for; more goes in the next one.
LINES_AT_MOST: Final = 1_000


@transaction.atomic
def write_bank_file(batch_id: UUID, *, program_id: UUID, account: str = "", by: User, at: datetime) -> BankFile:
    """Store and book an attempt at all that can be sent, write it down, and count it as sent: all of it, or nothing.

    From then on it may be paid. Asked for again it is the same file, until there is something else to send: what failed
    and is to be tried again, what was held, or what there was no money for.

    :raises UnknownBatch: if the program has no such batch.
    :raises WrongState: if it is not being sent.
    :raises NoFile: if nothing of it goes in a file.
    :raises RailOutOfUse: if the account is not in use.
    :raises Stopped: if everything is stopped.
    :raises DeskIsTaken: if somebody else sends from the account.
    """
    batch = batch_of(batch_id, program_id=program_id)
    paying = file_account(batch, named=account)
    if batch.state not in RUNNING:
        return _last_or_refuse(batch, paying)
    if paying.state != RailAccountState.ACTIVE:
        raise RailOutOfUse(account=paying.name, state=paying.get_state_display().lower())
    require_running(program_id)
    holder = f"file:{by.pk}"
    if not lease_desk(paying.pk, holder=holder, at=at):
        raise DeskIsTaken(account=paying.name)
    batch = locked_batch(batch_id, program_id=program_id)

    attempts = _store(batch, paying, holder=holder, at=at)
    give_desk_back(paying.pk, holder=holder)
    if not attempts:
        return _last_or_refuse(batch, paying)
    file = _write(batch, paying, attempts, by=by, at=at)
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).update(called_at=at)
    record_answers([(attempt.pk, Accepted(rail_reference=file.name)) for attempt in attempts], at=at)

    record(
        "payouts.bank_file.written", subject=file, at=at, program_id=program_id,
        payload={
            "batch": str(batch.pk), "name": file.name, "sha256": file.sha256, "count": file.count,
            "total": plain(file.total),
        },
    )  # fmt: skip
    return file


def _store(batch: PayoutBatch, account: RailAccount, *, holder: str, at: datetime) -> list[Attempt]:
    payer = payer_of(account)
    wanted = wanted_from(account, payer=payer, at=at, batch=batch, at_most=LINES_AT_MOST)
    numbers = take_numbers("reference", count=len(wanted))
    named = {rules.reference_of(number, randbelow(32**4)): each for number, each in zip(numbers, wanted, strict=True)}
    desk = desk_of(account)
    survey = payer.survey(desk, [each.order(reference) for reference, each in named.items()])
    return store_attempts(account, named, payer=payer, rail_desk=desk, survey=survey, holder=holder, at=at)


def _write(
    batch: PayoutBatch, account: RailAccount, attempts: Sequence[Attempt], *, by: User, at: datetime
) -> BankFile:  # fmt: skip
    # Under the desk's lock; of several accounts of one batch the constraint lets one take a number.
    last = BankFile.objects.filter(batch=batch).aggregate(last=Max("number"))["last"] or 0
    name = f"B{batch.number}-{last + 1}"
    instructions = [instruction_of(attempt.reference, attempt.wire) for attempt in attempts]
    content = write_instructions(name, account.number, batch.asset.code, instructions)
    return BankFile.objects.create(
        program_id=batch.program_id, batch=batch, rail_account=account, number=last + 1, name=name,
        content=content.decode(), sha256=hashlib.sha256(content).hexdigest(), count=len(instructions),
        total=total_of(instructions), written_at=at, written_by=by,
    )  # fmt: skip


def _last_or_refuse(batch: PayoutBatch, account: RailAccount) -> BankFile:
    """Return the file that there is, or say why there is none."""
    last = BankFile.objects.filter(batch=batch, rail_account=account).order_by("-number").first()
    if last is not None:
        return last
    if batch.state not in RUNNING:
        raise WrongState(
            subject="batch", state=batch.get_state_display().lower(), wanted="written into a file", possible=[]
        )
    waits = Desk.objects.filter(pk=account.pk).values_list("waits_for", flat=True).first()
    raise NoFile(reason=waits.rstrip(".").lower() if waits else "nothing of it can be sent now")
