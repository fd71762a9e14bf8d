"""Settings: versions that come one after the other, a history that stays, defaults in the code."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.context import acting_as
from audit.models import Entry
from audit.reconciliation import Scope
from identity import checks, settable
from identity.errors import (
    KeyExpiryOutOfRange,
    SettingChanged,
    SettingMakesNoSense,
    SettingNeedsProposal,
    SettingUnreadable,
    UnknownSetting,
)
from identity.models import Program, Setting, SettingVersion
from identity.operations import change_setting, create_api_key, propose, store_setting
from identity.proposable import GRANT_ROLE
from identity.queries import possible_voters
from identity.queries.settings import setting, standing, standings
from identity.settings import SETTINGS
from identity.states import Role
from tests.architecture.house import ROOT, modules, name_of
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.identity.settables import registered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]


@pytest.fixture(autouse=True)
def _settables() -> Iterator[None]:
    with registered():
        yield


def change(program: Program, key: str, value: Any, *, version: int = 0, reason: str = "because") -> Any:
    return change_setting(key, program=program, value=value, version=version, reason=reason, at=timezone.now())


def test_what_nobody_has_set_is_its_default_and_has_no_row(program: Program) -> None:
    assert setting("shop.tries", program) == 3
    assert setting("shop.fee", program) == Decimal("12.5")
    assert setting("shop.pause", program) == timedelta(hours=1)
    assert setting("shop.motto", program) is None
    assert standing("shop.tries", program).version == 0
    assert not Setting.objects.exists()


def test_a_change_is_the_next_version_and_leaves_a_row_of_history_and_a_line_of_the_journal(program: Program) -> None:
    with acting_as("user", "olivia"):
        change(program, "shop.tries", 5, reason="busy")
        change(program, "shop.tries", 7, version=1)

    row = Setting.objects.get()
    assert (row.version, row.value, row.changed_by) == (2, 7, "user:olivia")
    assert setting("shop.tries", program) == 7
    kept = SettingVersion.objects.order_by("version").values_list(
        "version", "value", "history_user_id", "history_change_reason", "history_type"
    )
    assert list(kept) == [(1, 5, "user:olivia", "busy", "+"), (2, 7, "user:olivia", "because", "~")]
    assert SettingVersion.objects.first().history_date == row.changed_at
    first, second = Entry.objects.order_by("id")
    assert first.action == "identity.setting.changed"
    assert (first.actor_id, first.program_id) == ("olivia", program.pk)
    assert (first.payload["from"], first.payload["to"], first.payload["version"]) == (None, 5, 1)
    assert (second.payload["setting"], second.payload["from"], second.payload["to"]) == ("shop.tries", 5, 7)


def test_back_to_the_default_is_a_version_too(program: Program) -> None:
    change(program, "shop.tries", 5)
    change(program, "shop.tries", None, version=1)

    assert setting("shop.tries", program) == 3
    stands = standing("shop.tries", program)
    assert (stands.version, stands.is_set) == (2, False)


@pytest.mark.parametrize(("key", "value"), [("shop.tries", None), ("shop.motto", None)])
def test_what_changes_nothing_is_no_version(program: Program, key: str, value: Any) -> None:
    change(program, key, value)
    change(program, "shop.mode", "FAST")
    change(program, "shop.mode", "FAST", version=1)

    assert list(Setting.objects.values_list("key", "version")) == [("shop.mode", 1)]
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("version", [0, 2, -1, 10**30])
def test_a_stale_version_is_refused_and_nothing_moves(program: Program, version: int) -> None:
    change(program, "shop.tries", 5)

    with pytest.raises(SettingChanged) as refused:
        change(program, "shop.tries", 6, version=version)

    assert refused.value.params["version"] == 1
    assert setting("shop.tries", program) == 5
    assert (SettingVersion.objects.count(), Entry.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [("shop.tries", 10), ("shop.tries", "5"), ("shop.open", "yes"), ("shop.mode", "WARP"), ("shop.motto", "")],
)
def test_a_value_out_of_bounds_is_refused(program: Program, key: str, value: Any) -> None:
    with pytest.raises(SettingMakesNoSense, match=key):
        change(program, key, value)

    assert not Setting.objects.exists()


def test_what_needs_two_is_refused_to_one(program: Program) -> None:
    with pytest.raises(SettingNeedsProposal, match=r"identity\.change_setting"):
        change(program, "shop.fee", "99")

    assert setting("shop.fee", program) == Decimal("12.5")
    assert not Setting.objects.exists()


def test_unknown_settings_are_refused_everywhere(program: Program) -> None:
    for key in ("shop.nothing", "nothing", "", "identity.role_cooling; --"):
        with pytest.raises(UnknownSetting):
            change(program, key, 1)
        with pytest.raises(UnknownSetting):
            setting(key, program)


def test_programs_do_not_see_each_other_s_and_the_house_s_is_the_house_s(program: Program, house: Program) -> None:
    other = ProgramFactory()
    change(program, "shop.tries", 5)
    change(house, "shop.country", "DE")

    assert setting("shop.tries", other) == 3
    assert setting("shop.country") == "DE"
    with pytest.raises(UnknownSetting):
        change(program, "shop.country", "FR")
    keys = {stands.spec.key for stands in standings(program)}
    assert "shop.tries" in keys
    assert "shop.country" not in keys
    assert "shop.country" in {stands.spec.key for stands in standings(house)}


def spoil(**columns: Any) -> None:
    """Write what no operation would, past the triggers, as a restore from elsewhere could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for column, value in columns.items():
            cursor.execute(f"UPDATE identity_setting SET {column} = %s", [value])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


@pytest.mark.parametrize("columns", [{"value": "99"}, {"value": '"a"'}, {"type": "TEXT"}])
def test_a_plain_setting_that_can_not_be_read_falls_back_and_is_found_at_night(
    program: Program, columns: dict[str, Any]
) -> None:
    change(program, "shop.tries", 5)
    spoil(**columns)

    assert setting("shop.tries", program) == 3
    [found] = checks._settings(Scope(program_id=None, at=timezone.now()))
    assert found.program_id == program.pk
    assert "shop.tries" in found.title
    assert not list(checks._settings(Scope(program_id=ProgramFactory().pk, at=timezone.now())))
    assert standing("shop.tries", program).shown.startswith("Can't be read")

    change(program, "shop.tries", 5, version=1)  # setting it anew mends it

    assert setting("shop.tries", program) == 5


def test_a_setting_of_money_that_can_not_be_read_is_refused_and_not_guessed(program: Program) -> None:
    now = timezone.now()
    store_setting("shop.fee", program=program, value="20", version=0, reason="x", at=now)
    spoil(value='"a lot"')

    with pytest.raises(SettingUnreadable):
        setting("shop.fee", program)


# What the database holds by itself


def refused(statement: str, *params: Any) -> str:
    with pytest.raises(IntegrityError) as no, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is asked when a transaction ends is asked at once
        cursor.execute(statement, params)
    return str(no.value)


def test_the_database_refuses_a_change_that_is_not_the_next_version(program: Program) -> None:
    change(program, "shop.tries", 5)

    assert "next version" in refused("UPDATE identity_setting SET value = '6'")
    assert "next version" in refused("UPDATE identity_setting SET value = '6', version = version + 2")
    assert "stays where it is" in refused("UPDATE identity_setting SET key = 'shop.mode', version = version + 1")
    assert "no history" in refused("UPDATE identity_setting SET value = '6', version = version + 1")
    assert setting("shop.tries", program) == 5


def test_the_database_refuses_to_forget(program: Program) -> None:
    change(program, "shop.tries", 5)

    for statement in ("DELETE FROM {}", "TRUNCATE {} CASCADE"):
        for table in ("identity_setting", "identity_settingversion"):
            assert "refused" in refused(statement.format(table))
    assert "refused" in refused("UPDATE identity_settingversion SET value = '1'")


def test_the_database_refuses_history_of_what_does_not_stand(program: Program) -> None:
    change(program, "shop.tries", 5)
    columns = "id, key, type, value, is_secret, fingerprint, history_user_id, history_change_reason, program_id"
    statement = (
        f"INSERT INTO identity_settingversion (history_id, history_date, history_type, version, {columns})"
        f" SELECT gen_random_uuid(), now(), '~', %s, {columns} FROM identity_settingversion"
    )

    assert "when it comes to stand" in refused(statement, 2)
    assert "identity_settingversion_once" in refused(statement, 1)


def test_a_setting_begins_with_version_one(program: Program) -> None:
    change(program, "shop.tries", 5)

    assert "begins with version 1" in refused(
        "INSERT INTO identity_setting (id, key, type, value, is_secret, ciphertext, fingerprint, version, changed_at,"
        " changed_by, reason, program_id) SELECT gen_random_uuid(), 'shop.mode', type, value, is_secret, ciphertext,"
        " fingerprint, 7, changed_at, changed_by, reason, program_id FROM identity_setting"
    )


# What the house's own settings do


def test_every_setting_is_asked_for_somewhere() -> None:
    sources = "".join(
        path.read_text()
        for path in modules()
        if path.name != "settings.py" and not name_of(path).startswith("tests/") and path.is_relative_to(ROOT)
    )

    for spec in settable.specs():
        if spec.room != "shop":
            assert f'setting("{spec.key}"' in sources or f"setting('{spec.key}'" in sources, (
                f"nobody asks for {spec.key}"
            )
    assert len(SETTINGS) >= 4


def test_every_setting_is_explained_to_operators() -> None:
    page = (ROOT / "docs" / "operators.md").read_text()

    for spec in settable.specs():
        if spec.room != "shop":
            assert f"| `{spec.key}` |" in page


def test_how_long_a_proposal_lasts(program: Program) -> None:
    since = timezone.now() - timedelta(days=2)
    olivia, _ = (MembershipFactory(program=program, role=Role.OWNER, created_at=since).user for _ in range(2))
    UserFactory(email="nora@example.com")
    change(program, "identity.proposal_lasts", "2h")
    now = timezone.now()

    proposal = propose(
        GRANT_ROLE, program=program, payload={"email": "nora@example.com", "role": "FINANCE_MAKER"}, reason="x",
        by=olivia, at=now,
    )  # fmt: skip

    assert proposal.expires_at == now + timedelta(hours=2)


def test_how_long_a_role_cools(program: Program) -> None:
    now = timezone.now()
    owner = MembershipFactory(program=program, role=Role.OWNER, created_at=now - timedelta(days=2)).user
    voters: dict[str, Any] = {"program": program, "roles": frozenset({"OWNER"}), "barred": (), "at": now}

    assert possible_voters(**voters) == {owner.pk}
    store_setting("identity.role_cooling", program=program, value="3d", version=0, reason="x", at=now)

    assert possible_voters(**voters) == set()


def test_how_long_a_key_lasts(program: Program) -> None:
    now = timezone.now()
    owner = MembershipFactory(program=program, role=Role.OWNER).user
    change(program, "identity.key_days_at_most", 30)

    with pytest.raises(KeyExpiryOutOfRange, match="30"):
        create_api_key(
            program=program, name="x", scopes=["program.read"], expires_at=now + timedelta(days=31), by=owner, at=now
        )
