"""What every route into the books stands on."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied

from identity.doors import InProgram
from identity.doors.permissions import names_of

READ = "ledger.read"


class BooksDoor(InProgram):
    """A route into one program's books. Rows store their program as a value."""

    permissions: ClassVar = {"list": READ, "retrieve": READ, "get": READ, "statement": READ}
    permission_to_read: ClassVar = READ

    def of_the_program(self, rows: Any) -> Any:
        """Narrow ``rows`` to those of the caller; in a list, and where one is named, to one program's."""
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        rows = rows.filter(program_id__in=self.caller.programs(self.permission_to_read))
        if not getattr(self, "detail", False) or names_of(self.request):
            rows = rows.filter(program_id=self.program.pk)
        return rows

    def check_object_permissions(self, request: Any, row: Any) -> None:
        """Ask for more than reading only: what is in reach was narrowed by that."""
        permission = self.permissions[getattr(self, "action", "get")]
        if (
            permission != self.permission_to_read
            and not self.caller.programs(permission).filter(pk=row.program_id).exists()
        ):
            raise PermissionDenied
