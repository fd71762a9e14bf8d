"""/api/v2/enterprise: audit's views behind identity's doors. Only here do the two know of each other."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.urls import path
from rest_framework.routers import SimpleRouter

from audit.api.views import FindingViews, JournalViews, ReconciliationViews
from identity.doors import Door, note_missed
from identity.models import Program


class HouseDoor(Door):
    """Rows that store their program as a value; what belongs to no program concerns the house's staff."""

    action: str

    def in_reach(self, rows: Any, permission: str) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        if self.caller.may_in_house(permission):
            return rows  # the house's staff hold it everywhere
        # As values, so that the index of programs serves.
        return rows.filter(program_id__in=list(self.caller.programs(permission)))

    def reaches(self, program_id: UUID | None, permission: str) -> bool:
        if program_id is None:
            return self.caller.may_in_house(permission)
        is_held = self.caller.programs(permission).filter(pk=program_id).exists()
        if not is_held:
            note_missed(self.request, Program, program_id)
        return is_held

    def check_object_permissions(self, request: Any, row: Any) -> None:
        """Ask for what doing something needs beside reading; what can't be read was not found."""
        asked = self.permissions[self.action]
        if asked != self.permissions["retrieve"] and not self.reaches(row.program_id, asked):
            raise PermissionDenied


class JournalViewSet(HouseDoor, JournalViews):
    __doc__ = JournalViews.__doc__
    permissions = JournalViews.permissions


class ReconciliationViewSet(HouseDoor, ReconciliationViews):
    __doc__ = ReconciliationViews.__doc__
    permissions = ReconciliationViews.permissions


class FindingViewSet(HouseDoor, FindingViews):
    __doc__ = FindingViews.__doc__
    permissions = FindingViews.permissions


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("audit", JournalViewSet, basename="journal")
router.register("reconciliation", ReconciliationViewSet, basename="reconciliation")
router.register("findings", FindingViewSet, basename="finding")

urlpatterns = [
    *router.urls,
    path("reconcile", ReconciliationViewSet.as_view({"post": "reconcile"}), name="reconcile"),
]
