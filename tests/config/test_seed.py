"""Seeding: the house everywhere, demo people only where a known password does no harm."""

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from audit.models import Entry
from config.bench.scratch import scratch_database
from config.management.commands import seed as command
from config.operators import demo, demo_scale, seed_sql
from identity.models import Membership, Program, User
from ledger.models import Transaction
from ledger.queries.holds import reserved_and_held
from payouts.models import Payout, PayoutBatch
from payouts.queries.flags import flags_of
from tests.ledger.test_verify import verify
from wallets.models import Wallet
from wallets.queries.holdings import holding
from wallets.queries.integrity import Scope, verify_wallet_integrity

pytestmark = pytest.mark.django_db


class Somewhere:
    """An environment whose database is somebody's own server, or is not."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url

    def __getitem__(self, name: str) -> str:
        assert name == "DATABASE_URL"
        return self.database_url


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "environment", Somewhere(""))


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "environment", Somewhere("postgres://db/countinghouse"))


def seed(*arguments: str) -> str:
    said = StringIO()
    call_command("seed", *arguments, stdout=said)
    return said.getvalue()


def counts() -> tuple[int, int, int, int]:
    return (Program.objects.count(), User.objects.count(), Membership.objects.count(), Entry.objects.count())


@pytest.mark.usefixtures("embedded")
def test_the_embedded_server_gets_people_who_can_sign_in() -> None:
    said = seed()

    for login in demo.LOGINS:
        assert login.email in said
        assert User.objects.get(email=login.email).check_password(demo.PASSWORD)
        assert User.objects.get(email=login.email).emailaddress_set.get().verified
    assert User.objects.get(email="olivia@demo.example").may("admin.enter")
    assert not User.objects.get(email="carl@demo.example").may("admin.enter")


@pytest.mark.usefixtures("embedded")
def test_alice_and_bob_have_something_in_their_wallets() -> None:
    seed()

    told = {
        (wallet.party.name.partition(" ")[0].lower(), wallet.asset.code): holding(wallet).total
        for wallet in Wallet.objects.select_related("party", "asset")
    }
    assert told == {
        ("alice", "GOLD"): 800, ("alice", "DIAMOND"): 40, ("alice", "LOYALTY"): 200, ("alice", "KES"): 14_500,
        ("bob", "GOLD"): 600, ("bob", "DIAMOND"): 30, ("bob", "LOYALTY"): 125, ("bob", "KES"): 9_000,
    }  # fmt: skip
    assert list(verify_wallet_integrity(Scope())) == []


@pytest.mark.usefixtures("embedded")
def test_a_batch_waits_with_things_to_look_at() -> None:
    seed()

    batch = PayoutBatch.objects.get()
    assert (batch.state, batch.count, batch.total) == ("PENDING_APPROVAL", 4, Decimal(11_015))
    said = set(Payout.objects.filter(batch=batch, state="EXCLUDED").values_list("why", flat=True))
    assert said == {"no_method", "below_rail_minimum", "no_destination"}
    assert {"new_payee", "shared_destination"} <= set(flags_of(batch, at=timezone.now()))


@pytest.mark.usefixtures("embedded")
def test_seeding_again_changes_nothing() -> None:
    seed()
    before = counts()

    seed()

    assert counts() == before


@pytest.mark.usefixtures("embedded")
def test_what_is_there_stays_as_it_is() -> None:
    seed()
    user = User.objects.get(email="carl@demo.example")
    user.set_password("a password of my own")
    user.save()

    seed()

    user.refresh_from_db()
    assert user.check_password("a password of my own")


@pytest.mark.usefixtures("own_server")
def test_a_server_of_somebody_s_own_gets_the_house_and_nobody_who_can_sign_in() -> None:
    said = seed()

    assert list(Program.objects.values_list("slug", flat=True)) == ["house"]
    assert not User.objects.exists()
    assert "createsuperuser" in said


@pytest.mark.usefixtures("own_server")
def test_demo_data_can_be_asked_for() -> None:
    seed("--demo")

    assert User.objects.count() == len(demo.LOGINS)


def test_never_in_production(settings: Any, own_server: None) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="never made in production"):
        seed("--demo")

    assert counts() == (0, 0, 0, 0)


@pytest.mark.usefixtures("own_server")
def test_scale_is_demo_data() -> None:
    with pytest.raises(CommandError, match="--demo"):
        seed("--scale", "3")

    assert counts() == (0, 0, 0, 0)


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("number", ["-1", "10000001"])
def test_a_scale_that_makes_no_sense_is_refused(number: str) -> None:
    with pytest.raises(CommandError, match="--scale"):
        seed("--scale", number)


@pytest.mark.usefixtures("embedded")
def test_scale_makes_books_in_programs_with_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_scale, "TURNS_IN_A_PROGRAM", 3)
    seed()
    before = Transaction.objects.count()

    seed("--scale", "75")  # four turns

    assert list(Program.objects.filter(slug__startswith="demo-").order_by("slug").values_list("slug", flat=True)) == [
        "demo-000000", "demo-000001",
    ]  # fmt: skip
    assert User.objects.filter(email__endswith="@demo-000001.example").count() == 10
    made = Transaction.objects.filter(program_id__in=Program.objects.filter(slug__startswith="demo-").values("pk"))
    assert (made.count(), Transaction.objects.count()) == (80, before + 80)
    assert set(made.values_list("kind", flat=True)) == {kind for kind, _ in demo_scale._STEPS}
    assert verify("--full")[0] == 0
    assert all(each.amount == each.held for each in reserved_and_held(program_id=None))


@pytest.mark.usefixtures("embedded")
def test_scale_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_scale, "TURNS_IN_A_PROGRAM", 6)
    monkeypatch.setattr(demo_scale, "_TURNS_AT_ONCE", 2)
    seed("--scale", "60")  # the second batch is half of one
    before = Transaction.objects.count()

    seed("--scale", "60")
    assert Transaction.objects.count() == before

    seed("--scale", "200")
    assert Transaction.objects.count() == before + 140
    assert Program.objects.filter(slug__startswith="demo-").count() == 2
    assert verify("--full")[0] == 0


@pytest.mark.usefixtures("embedded")
def test_scripts_get_logins_and_keys(settings: Any) -> None:
    said = json.loads(seed("--json"))

    assert {login["email"] for login in said["logins"]} == {login.email for login in demo.LOGINS}
    assert said["keys"] == {"admin_key": settings.ADMIN_KEYS[0]}


@pytest.mark.usefixtures("embedded")
def test_the_journal_says_who_seeded() -> None:
    seed()

    actors = {("command", "seed"), ("rail", "shop")}  # a shop tells of what it was paid
    assert set(Entry.objects.values_list("actor_type", "actor_id")) == actors


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("scratch_copied")
def test_the_seed_as_sql_makes_the_same_rows() -> None:
    told = StringIO()
    call_command("seed", "--demo", "--sql", stdout=told)

    assert not Program.objects.exists()  # nothing was changed here
    with scratch_database():
        known = seed_sql.known_rows()
        with connection.cursor() as cursor:
            psycopg.Cursor(cursor.connection).execute(told.getvalue().encode())
        connection.commit()
        assert "\n".join(seed_sql.statements(known)) == told.getvalue().rstrip("\n")
        assert set(Wallet.objects.values_list("party__name", flat=True)) == {"Alice Atieno", "Bob Barasa"}
        call_command("ledger_verify", "--full", stdout=StringIO())
        call_command("wallets_verify", stdout=StringIO())
