"""What every test may ask for."""

import gc
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import TransactionTestCase
from django.utils import timezone
from rest_framework.test import APIClient
from whitenoise.middleware import WhiteNoiseMiddleware

from audit import reconciliation
from audit.context import acting_as
from audit.operations import carry_out_run
from identity import rules
from identity.models import Program, User
from identity.states import Role
from tests.factories import MembershipFactory, ProgramFactory, UserFactory
from tests.fresh_database import copy_template, drop_template, make_template, restore_from_template


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="run the full crash matrix, not a sample of it")
    parser.addoption("--seed", type=int, default=None, help="replay the torture run that printed this seed")
    parser.addoption("--rounds", type=int, default=None, help="how many rounds of torture")


@pytest.fixture(scope="session", autouse=True)
def _static_files_listed_once() -> Iterator[None]:
    """Every test client builds the middleware anew, and listing the static files is most of what that costs."""
    listed: dict[str, dict[str, Any]] = {}
    listing = WhiteNoiseMiddleware.add_files_from_finders

    def once(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in listed:
            listing(self)
            listed[self.static_prefix] = dict(self.files)
        self.files.update(listed[self.static_prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _rubbish_is_seldom_collected() -> None:
    """What is loaded stays to the end; looking through it again and again would be a tenth of the whole."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep a copy of the migrated database: tests that commit get it back whole.

    Django would empty the tables, and the journal refuses to be emptied; a bypass for tests would be a bypass.
    """
    with django_db_blocker.unblock():
        make_template()
    original = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = lambda _case: restore_from_template()  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[attr-defined]
    with django_db_blocker.unblock():
        drop_template()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles count in the cache; no test inherits another's count."""
    cache.clear()


@pytest.fixture(autouse=True)
def _mail_to_memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def _runs_carried_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs beside the tests; those that ask about the queue take this back."""

    def at_once(run_id: UUID, names: Sequence[str] | None) -> None:
        carry_out_run(run_id, names=names, at=timezone.now())

    monkeypatch.setattr(reconciliation, "_send", at_once)


@pytest.fixture
def acting() -> Iterator[None]:
    """Name somebody as the actor, for operations called by the test itself."""
    with acting_as("test", "pytest"):
        yield


@pytest.fixture
def scratch_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy the databases that benchmarks and seeds make for themselves: to migrate one takes ten seconds."""
    monkeypatch.setattr("config.bench.scratch.call_command", lambda *_, **__: copy_template())


@pytest.fixture
def house(db: None) -> Program:
    return ProgramFactory(slug=rules.HOUSE_SLUG, name="House")


@pytest.fixture
def program(db: None) -> Program:
    return ProgramFactory(slug="acme", name="Acme")


# The cast. Alice owns the house, Bob supports Acme, Charlie is a customer of another program and must see nothing.


def member(user: User, program: Program, role: Role) -> User:
    MembershipFactory(user=user, program=program, role=role)
    return user


@pytest.fixture
def alice(house: Program) -> User:
    return member(UserFactory(email="alice@example.com", name="Alice"), house, Role.OWNER)


@pytest.fixture
def bob(program: Program) -> User:
    return member(UserFactory(email="bob@example.com", name="Bob"), program, Role.SUPPORT)


@pytest.fixture
def charlie(db: None) -> User:
    elsewhere = ProgramFactory(slug="other", name="Other")
    return member(UserFactory(email="charlie@example.com", name="Charlie"), elsewhere, Role.CUSTOMER)


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def api_as(api: APIClient) -> Any:
    """Return a client that is signed in, through a session as a browser is."""

    def sign_in(user: User) -> APIClient:
        api.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return api

    return sign_in
