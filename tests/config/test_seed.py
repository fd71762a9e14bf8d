"""Seeding: the house everywhere, demo people only where a known password does no harm."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import Entry
from config.management.commands import seed as command
from config.operators import demo
from identity.models import Membership, Program, User
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
        ("alice", "GOLD"): 800, ("alice", "DIAMOND"): 40, ("alice", "LOYALTY"): 200, ("alice", "KES"): 12_000,
        ("bob", "GOLD"): 600, ("bob", "DIAMOND"): 30, ("bob", "LOYALTY"): 125, ("bob", "KES"): 9_000,
    }  # fmt: skip
    assert list(verify_wallet_integrity(Scope())) == []


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
@pytest.mark.parametrize("number", ["-1", "100001"])
def test_a_scale_that_makes_no_sense_is_refused(number: str) -> None:
    with pytest.raises(CommandError, match="--scale"):
        seed("--scale", number)


@pytest.mark.usefixtures("embedded")
def test_scale_makes_up_the_number_and_goes_on_where_it_stopped() -> None:
    seed("--scale", "2")
    assert Program.objects.filter(slug__startswith="demo-").count() == 2

    seed("--scale", "3")

    assert Program.objects.filter(slug__startswith="demo-").count() == 3
    assert User.objects.filter(email__endswith="@demo-000002.example").count() == 10


@pytest.mark.usefixtures("embedded")
def test_scripts_get_logins_and_keys(settings: Any) -> None:
    said = json.loads(seed("--json"))

    assert {login["email"] for login in said["logins"]} == {login.email for login in demo.LOGINS}
    assert said["keys"] == {"admin_key": settings.ADMIN_KEYS[0]}


@pytest.mark.usefixtures("embedded")
def test_the_journal_says_who_seeded() -> None:
    seed()

    assert set(Entry.objects.values_list("actor_type", "actor_id")) == {("command", "seed")}
