"""What every button of the room asks first: whether the person may press it, for this row."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from audit.access import may, may_with
from audit.admin import RecordedAdmin


class AskedAdmin(RecordedAdmin):
    """A window with buttons."""

    def asked_for(self, request: HttpRequest, pk: UUID, permission: str) -> Any:
        """Return the row that a button is about.

        :raises PermissionDenied: if the person may press it nowhere, or not in the row's program.
        :raises Http404: if there is no such row in reach.
        """
        if not may(request, permission):
            raise PermissionDenied
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not may_with(row, request, permission):
            raise PermissionDenied
        return row
