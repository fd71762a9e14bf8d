"""What every route of payouts stands on."""

from typing import Any

from django.core.exceptions import PermissionDenied
from rest_framework.request import Request

from identity.doors import OwnedDoor
from identity.models import User


class PayoutsDoor(OwnedDoor):
    """A route to payouts: staff and keys reach the program's, everybody else their own."""

    queryset: Any
    detail: Any

    def rows(self) -> Any:
        """Return the rows as they are shown, of every program."""
        return self.queryset.all()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.in_reach(self.rows(), self.permission_to_read)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        view: Any = super()
        return queryset if self.detail else view.filter_queryset(queryset)


def person(request: Request) -> User:
    """Return who signs in: a key makes no payouts, and agrees to none."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
