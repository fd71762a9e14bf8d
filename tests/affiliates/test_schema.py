"""The routes of affiliates keep to their schema: asked by Schemathesis with what it allows and with what it does not.

Half of the requests name what is there, so that they get further than the door. Nothing answers 5xx, and every answer
has a status, a type and a body that docs/openapi.yaml knows.
"""

from collections.abc import Iterator
from datetime import timedelta
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

from affiliates import operations
from affiliates.models import Claim, CommissionReport
from affiliates.queries.keys import claim_key
from affiliates.states import MethodKind
from audit.context import acting_as
from config.bench.wallets import make_key
from config.environment import BASE_DIR
from identity.operations import issue_tokens
from identity.proofs import checksummed
from identity.rules import KEY_SCOPES
from ledger.operations import create_intent
from tests.access.world import undone
from tests.affiliates.office import V2, Office, office
from tests.affiliates.troupe import address
from tests.factories import UserFactory

__all__ = ["office"]

AS_USUAL = settings(
    max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
CHECKS = [
    not_a_server_error, said.status_code_conformance, said.content_type_conformance, said.response_headers_conformance,
    said.response_schema_conformance,
]  # fmt: skip
OURS = rf"^{V2}/(affiliates|tiers|rates|users|claims|commerce|commissions|enterprise/settlements)(/|$)"

schema: Any = schemathesis.openapi.from_path(BASE_DIR / "docs/openapi.yaml").include(path_regex=OURS)
OPERATIONS = [found.ok() for found in schema.get_all_operations()]
# What a key may ask for; everything else is asked by somebody who keeps the money.
BY_KEYS = ("/users/register", "/claims", "/commerce/charges", "/tree", "/users/{wallet}")


def token(office: Office, name: str) -> str:
    with acting_as("test", "pytest"):
        return f"Bearer {issue_tokens(user=office.person(name), second_factor='none', at=timezone.now()).access}"


def subject(office: Office, path: str) -> dict[str, str]:
    """Return what is there under the names of the address."""
    troupe, now = office.troupe, timezone.now()
    bea = troupe.affiliate("bea", under="ada")
    member = troupe.member("max", by="bea", user=UserFactory())
    settlement = troupe.settle("max", "100")
    if path.startswith(f"{V2}/affiliates/commissions/"):
        return {"id": str(troupe.row(settlement).pk)}
    if "{method_id}" in path:
        method = operations.add_method(
            bea.pk, program_id=troupe.program.pk, kind=MethodKind.MPESA, destination="0712345678", at=now
        )
        return {"id": str(bea.pk), "method_id": str(method.pk)}
    if "/tiers/" in path:
        return {"id": str(operations.open_tier(program=troupe.program, name="Gold", at=now).pk)}
    if "/reports/" in path:
        operations.draft_reports(
            program=troupe.program, start=now - timedelta(1), end=timezone.now(), at=timezone.now()
        )
        return {"id": str(CommissionReport.objects.get(affiliate=bea).pk)}
    if "/settlements/" in path:
        return {"id": str(settlement.pk)}
    if "{wallet}" in path:
        return {"wallet": member.wallet_address}
    if "/claims/" in path:
        return {"id": claimed(office, member.wallet_address)}
    return {"id": str(bea.pk)} if "{id}" in path else {}


def claimed(office: Office, wallet_address: str) -> str:
    """Let a member have claimed; not by a request, at whose end a client closes connections."""
    sent = {"reference": "a", "asset": "USDC", "amount": "5", "chain_id": 1, "tx_hash": f"0x{'ab' * 32}"}
    key = claim_key(office.troupe.program.pk, wallet_address, "a")
    create_intent(
        "CLAIM", program_id=office.troupe.program.pk, key=key, payload={**sent, "wallet_address": wallet_address}
    )
    office.work()
    return str(Claim.objects.get().pk)


def sensible(body: Any, known: dict[str, str]) -> Any:
    """Return a body that gets as far as the operation."""
    if not isinstance(body, dict):
        return body
    for name, value in {"wallet_address": checksummed(address(0xBEEF)), "asset": "KES", "amount": "1", **known}.items():
        if name in body:
            body = {**body, name: value}
    return body


@pytest.fixture
def _connection_kept() -> Iterator[None]:
    """Leave the test's connection open between requests, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.usefixtures("_connection_kept")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_a_route_keeps_to_its_schema(office: Office, operation: Any) -> None:
    office.affiliate("ada")
    there = subject(office, operation.path)
    who = token(office, "mia")
    if operation.path.endswith(BY_KEYS):
        who = make_key(office.troupe.program, *KEY_SCOPES)
    schema.app = operation.schema.app = application = get_wsgi_application()
    answers: set[int] = set()

    def ask(case: Any, is_deep: bool) -> None:
        if is_deep:
            case.path_parameters = there
            case.headers = {"Idempotency-Key": uuid4().hex}
            case.query = {}
            case.body = sensible(case.body, {"tx_hash": f"0x{'cd' * 32}", "reference": "b", "charge": "c"})
        case.headers = {**(case.headers or {}), "Authorization": who}
        case.query = {name: value for name, value in (case.query or {}).items() if name != "wait"}
        with undone():
            answers.add(case.call_and_validate(app=application, checks=CHECKS).status_code)

    for mode in schemathesis.GenerationMode:
        cases = operation.as_strategy(generation_mode=mode)
        try:
            AS_USUAL(given(case=cases, is_deep=st.booleans())(ask))()
        except Unsatisfiable:
            # Any text may stand where an address is meant.
            has_something_to_be_wrong = bool(operation.body) or "{" in operation.path
            has_something_to_be_wrong &= "{wallet}" not in operation.path
            assert not has_something_to_be_wrong
    assert answers
