"""Every route of the API has a line in the permission matrix: what each method asks for, or that it is open.

A new route fails the build until somebody has written down who may pass, and whoever changes a door changes the line.
"""

from collections.abc import Iterator

import pytest
from drf_spectacular.generators import EndpointEnumerator
from rest_framework.permissions import AllowAny

from identity import rules
from identity.doors import HasPermission

OPEN = "open to everybody"

MATRIX = {
    "GET /api/schema/": OPEN,
    "GET /api/docs/": OPEN,
    "POST /api/v2/auth/token": OPEN,
    "POST /api/v2/auth/refresh": OPEN,
    "POST /api/v2/auth/revoke": OPEN,
    "POST /api/v2/auth/step-up": "signed in",
    "GET /api/v2/auth/wallet": "signed in",
    "POST /api/v2/auth/wallet/challenge": "signed in",
    "POST /api/v2/auth/wallet/prove": "signed in",
    "GET /api/v2/programs": "program.read",
    "POST /api/v2/programs": "program.create",
    "GET /api/v2/programs/{id}": "program.read",
    "PUT /api/v2/programs/{id}": "program.change",
    "PATCH /api/v2/programs/{id}": "program.change",
    "POST /api/v2/programs/{id}/pause": "program.change_status",
    "POST /api/v2/programs/{id}/resume": "program.change_status",
    "POST /api/v2/programs/{id}/close": "program.change_status",
    "GET /api/v2/programs/{id}/terms": "terms.read",
    "GET /api/v2/api-keys": "key.read",
    "POST /api/v2/api-keys": "key.manage",
    "GET /api/v2/api-keys/{id}": "key.read",
    "POST /api/v2/api-keys/{id}/revoke": "key.manage",
    "POST /api/v2/api-keys/{id}/collect": "key.manage",
    "GET /api/v2/settings": "setting.read",
    "GET /api/v2/settings/{key}": "setting.read",
    "PATCH /api/v2/settings/{key}": "setting.change",
    "GET /api/v2/settings/{key}/history": "setting.read",
    # Whether one may propose or vote follows from the kind and the policy.
    "GET /api/v2/proposals": "proposal.read",
    "POST /api/v2/proposals": "proposal.read",
    "GET /api/v2/proposals/{id}": "proposal.read",
    "POST /api/v2/proposals/{id}/vote": "proposal.read",
    "POST /api/v2/proposals/{id}/recall": "proposal.read",
    "GET /api/v2/enterprise/audit": "journal.read",
    "GET /api/v2/enterprise/audit/{id}": "journal.read",
    "POST /api/v2/enterprise/reconcile": "reconciliation.run",
    "GET /api/v2/enterprise/reconciliation": "reconciliation.read",
    "GET /api/v2/enterprise/reconciliation/{id}": "reconciliation.read",
    "GET /api/v2/enterprise/findings": "reconciliation.read",
    "GET /api/v2/enterprise/findings/{id}": "reconciliation.read",
    "POST /api/v2/enterprise/findings/{id}/assign": "reconciliation.work",
    "POST /api/v2/enterprise/findings/{id}/explain": "reconciliation.work",
    "POST /api/v2/enterprise/findings/{id}/resolve": "reconciliation.work",
}


def routes() -> Iterator[tuple[str, str]]:
    """Yield every route with what its door asks for."""
    for path, _, method, callback in EndpointEnumerator().get_api_endpoints():
        view = callback.cls
        name = f"{method} {path.replace('{pk}', '{id}')}"
        if HasPermission in view.permission_classes:
            action = callback.actions[method.lower()] if hasattr(callback, "actions") else method.lower()
            yield name, view.permissions[action]
        elif list(view.permission_classes) == [AllowAny] or not view.permission_classes:
            yield name, OPEN
        else:
            yield name, "signed in"


def test_every_route_has_its_line() -> None:
    assert dict(routes()) == MATRIX


@pytest.mark.parametrize("permission", sorted(set(MATRIX.values()) - {OPEN, "signed in"}))
def test_somebody_holds_every_permission_that_is_asked_for(permission: str) -> None:
    assert rules.roles_with(permission)


def test_nobody_holds_a_permission_that_no_role_should() -> None:
    outside = set().union(*(rules.ROLE_PERMISSIONS[role] for role in ("MERCHANT", "AFFILIATE", "CUSTOMER")))

    assert outside == {"program.read", "affiliate_portal.enter"}
    assert not rules.ROLE_PERMISSIONS["AUDITOR"] & {
        permission
        for permission in set().union(*rules.ROLE_PERMISSIONS.values())
        if not permission.endswith((".read", ".enter"))
    }
