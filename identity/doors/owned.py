"""Rows that belong to somebody: staff and keys reach a program's, everybody else their own."""

import hashlib
from typing import Any, ClassVar, Final

from django.core.exceptions import PermissionDenied

from audit import context
from identity.doors.idempotency import key_of
from identity.doors.permissions import InProgram

KEY_AT_MOST: Final = 200


class OwnedDoor(InProgram):
    """A route to rows of which some belong to the caller. What can't be read is not there."""

    permission_to_read: ClassVar[str]

    def check_object_permissions(self, request: Any, row: Any) -> None:
        """Ask for more than reading only: what is in reach was narrowed by that."""
        view: Any = self
        context.bind(self.caller.actor, program_id=row.program_id)
        permission = self.permissions[view.action]
        if permission == self.permission_to_read:
            return
        if not self.in_reach(type(row)._default_manager.filter(pk=row.pk), permission).exists():
            raise PermissionDenied

    def house_key(self, verb: str) -> str:
        """Return the key under which the house knows this request: no other caller's and no other verb's.

        The answers to a key are forgotten after a while. What was done under it is not, and is found again.
        """
        key = f"api:{self.caller.pk}:{verb}:{key_of(self.request)}"
        return key if len(key) <= KEY_AT_MOST else f"api:{hashlib.sha256(key.encode()).hexdigest()}"
