"""Every door has its line, every line its door, and every permission somebody who holds it."""

import pytest
from django.contrib.admin import site

from identity import rules
from tests.access import doors
from tests.access.rows import IN_PROGRAM, OF_NO_PROGRAM
from tests.access.table import AUTOCOMPLETES, BUTTONS, EXPORTS, OPEN, PEOPLE_ONLY, ROUTES, SCREENS, SIGNED_IN

ASKED_FOR = sorted({*ROUTES.values(), *SCREENS.values(), *BUTTONS.values()} - {OPEN, SIGNED_IN})


def test_every_route_has_its_line() -> None:
    assert {route.name: route.asks_for for route in doors.routes()} == ROUTES
    assert set(ROUTES) >= PEOPLE_ONLY


def test_every_screen_has_its_line() -> None:
    asked = {
        label: getattr(site._registry[model], "permission_to_view", "") for label, model in doors.screens().items()
    }

    assert asked == SCREENS


def test_every_button_has_its_line() -> None:
    assert doors.admin_urls() == sorted({name.partition(" ")[2] for name in BUTTONS})


def test_every_autocomplete_has_its_line() -> None:
    assert {label: SCREENS[label] for label in doors.autocompletes()} == AUTOCOMPLETES


def test_every_export_has_its_line() -> None:
    # What answers with an attachment and says nothing is found by the tests that knock at every door.
    assert doors.exports() <= set(EXPORTS)
    assert set(EXPORTS) - doors.exports() <= set(BUTTONS) | set(ROUTES)


def test_every_model_that_a_door_names_has_a_row() -> None:
    named = {route.model for route in doors.routes() if route.names_object} | {*doors.screens().values()}

    assert not {model for model in named if model not in IN_PROGRAM and model not in OF_NO_PROGRAM}, "see rows.py"


@pytest.mark.parametrize("permission", ASKED_FOR)
def test_somebody_holds_every_permission_that_is_asked_for(permission: str) -> None:
    assert rules.roles_with(permission) | rules.roles_with_own(permission)


def test_nobody_holds_a_permission_that_no_role_should() -> None:
    outside = set().union(*(rules.ROLE_PERMISSIONS[role] for role in ("MERCHANT", "AFFILIATE", "CUSTOMER")))

    assert outside == {"program.read", "affiliate_portal.enter"}
    # Over their own, and staff hold nothing so: what they may do, they may do with everybody's.
    with_own = set().union(*rules.OWN_PERMISSIONS.values())
    assert with_own == {
        "affiliate.read", "claim.make", "claim.read", "commission.read", "member.read", "member.register",
        "method.manage", "payment.make", "payout.read", "wallet.read", "wallet.spend",
        "withdrawal.make",
    }  # fmt: skip
    assert not set(rules.OWN_PERMISSIONS) & rules.STAFF_ROLES
    assert not rules.ROLE_PERMISSIONS["AUDITOR"] & {
        permission
        for permission in set().union(*rules.ROLE_PERMISSIONS.values())
        if not permission.endswith((".read", ".enter"))
    }


def test_whoever_enters_the_back_office_reads_something_there() -> None:
    for role, held in rules.ROLE_PERMISSIONS.items():
        assert ("admin.enter" in held) == (role in rules.STAFF_ROLES), role
        assert "admin.enter" not in held or held & set(SCREENS.values())
