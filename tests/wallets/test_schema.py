"""The routes of wallets keep to their schema: asked by Schemathesis with what it allows and with what it does not.

Half of the requests name what is there, so that they get further than the door. Nothing answers 5xx, and every answer
has a status, a type and a body that docs/openapi.yaml knows.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as said

from audit.context import acting_as
from config.bench.wallets import make_key
from config.environment import BASE_DIR
from identity import rules
from identity.operations import issue_tokens
from tests.access.world import undone
from tests.wallets.counter import CUSTOMER, V2, Counter, counter
from tests.wallets.notices import SECRET, bank, deposit
from wallets.models import RailEvent
from wallets.operations import apply_event, receive_event
from wallets.queries.rail_accounts import hook_token
from wallets.rails.signed import signature

__all__ = ["counter"]

AS_USUAL = settings(
    max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
CHECKS = [
    not_a_server_error, said.status_code_conformance, said.content_type_conformance, said.response_headers_conformance,
    said.response_schema_conformance,
]  # fmt: skip
OURS = rf"^(/wallets/|{CUSTOMER}/|{V2}/(wallets|holds|payments|rail-accounts|rail-events|hooks)(/|$))"
# What only people may do.
BY_STAFF = ("/adjust", "/freeze", "/unfreeze", "/close", "/rail-accounts", "/stop", "/replay", "/ignore")

schema: Any = schemathesis.openapi.from_path(BASE_DIR / "docs/openapi.yaml").include(path_regex=OURS)
OPERATIONS = [found.ok() for found in schema.get_all_operations()]


def token(counter: Counter, name: str) -> str:
    with acting_as("test", "pytest"):
        return f"Bearer {issue_tokens(user=counter.person(name), second_factor='none', at=timezone.now()).access}"


def failed_event(counter: Counter) -> RailEvent:
    """Let a rail tell of money that nobody knows; not by a request, at whose end a client closes connections."""
    now, body = timezone.now(), deposit(counter.purses.wallet("ann"), asset="XXX")
    headers = {"X-Signature": signature(SECRET, body, at=now)}
    event = receive_event(bank(counter.purses.program), body=body, headers=headers, address=None, at=now)
    apply_event(event.pk, at=now)
    return event


def subject(counter: Counter, path: str) -> dict[str, str]:
    """Return what is there under the names of the address."""
    if "{user_id}" in path:
        return {"user_id": str(counter.person("ann").pk)}
    if f"{V2}/holds/" in path:
        return {"id": str(counter.purses.do("hold", "ann", "10").pk)}
    if f"{V2}/payments/" in path:
        return {"id": str(counter.purses.do("pay_from_wallet", "ann", "10").pk)}
    if f"{V2}/rail-accounts/" in path:
        return {"id": str(bank(counter.purses.program).pk)}
    if f"{V2}/rail-events/" in path:
        return {"id": str(failed_event(counter).pk)}
    if f"{V2}/hooks/" in path:
        return {"code": "s", "token": hook_token(bank(counter.purses.program)), "about": "x"}
    return {"id": str(counter.purses.wallet("ann").pk)} if "{id}" in path else {}


@pytest.fixture
def _connection_kept() -> Iterator[None]:
    """Leave the test's connection open between requests, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def _bodies_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the client from writing long bodies into files, which it does not close: a statement has a megabyte."""
    monkeypatch.setattr("werkzeug.test.TemporaryFile", lambda mode: BytesIO())


@pytest.mark.django_db
@pytest.mark.usefixtures("_connection_kept", "_bodies_in_memory")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_a_route_keeps_to_its_schema(counter: Counter, operation: Any) -> None:
    counter.filled("ann", "100")
    counter.filled("ann", "100", "GOLD")
    there = subject(counter, operation.path)
    who = make_key(counter.purses.program, *rules.KEY_SCOPES)
    if operation.path.startswith(CUSTOMER):
        who = token(counter, "ann")
    elif operation.path.endswith(BY_STAFF):
        who = token(counter, "mia")
    schema.app = operation.schema.app = application = get_wsgi_application()
    answers: set[int] = set()

    def ask(case: Any, is_deep: bool) -> None:
        if is_deep:
            case.path_parameters = there
            case.headers = {"Idempotency-Key": uuid4().hex}
            case.query = {}
            if isinstance(case.body, dict) and "asset" in case.body:
                case.body = {**case.body, "asset": "KES", "amount": "1"}
        case.headers = {**(case.headers or {}), "Authorization": who}
        with undone():
            answers.add(case.call_and_validate(app=application, checks=CHECKS).status_code)

    for mode in schemathesis.GenerationMode:
        cases = operation.as_strategy(generation_mode=mode)
        try:
            AS_USUAL(given(case=cases, is_deep=st.booleans())(ask))()
        except Unsatisfiable:
            # Any bytes may come to a hook, under any address.
            has_something_to_be_wrong = bool(operation.body) or "{" in operation.path
            has_something_to_be_wrong &= "/hooks/" not in operation.path
            assert not has_something_to_be_wrong
    assert answers
