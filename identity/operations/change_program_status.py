"""Pause a program, let it go on, or close it for good."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.operations import follow
from identity.models import Program
from identity.states import PROGRAM_TRANSITIONS, ProgramStatus


@transaction.atomic
def change_program_status(program_id: UUID, *, to: ProgramStatus, reason: str, at: datetime) -> Program:
    """Move the program to ``to``.

    :raises WrongState: if there is no such step from where it is; only a paused program can be closed.
    """
    program = Program.objects.select_for_update(no_key=True, of=("self",)).get(pk=program_id)

    return follow(PROGRAM_TRANSITIONS, program, to=to, at=at, program_id=program.pk, payload={"reason": reason})
