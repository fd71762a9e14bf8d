"""The routes of wallets as callers meet them: who asks, what is sent, and that a refusal moves nothing."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from identity.models import User
from identity.states import Role
from tests.factories import MembershipFactory, PartyFactory, UserFactory
from tests.signed_in import BACKEND
from tests.wallets.purses import Purses

STAFF = {"olga": Role.OWNER, "mia": Role.FINANCE_MAKER, "anton": Role.FINANCE_APPROVER, "sam": Role.SUPPORT}
SERVICE, CUSTOMER, V2 = "/wallets", "/api/customer", "/api/v2"


@dataclass
class Counter:
    """Where customers and staff of one program are served. A name that no staff has is a customer's."""

    purses: Purses
    people: dict[str, User] = field(default_factory=dict)

    def person(self, name: str) -> User:
        """Return somebody of the program; a customer with a party, which may own wallets."""
        if name not in self.people:
            self.people[name] = UserFactory(email=f"{name}@example.com", name=name)
            role = STAFF.get(name, Role.CUSTOMER)
            MembershipFactory(
                user=self.people[name], program=self.purses.program, role=role,
                created_at=timezone.now() - timedelta(days=9),
            )  # fmt: skip
            if role == Role.CUSTOMER:
                user = self.people[name]
                self.purses.parties[name] = PartyFactory(program=self.purses.program, name=name, user=user)
        return self.people[name]

    def client(self, name: str) -> APIClient:
        client = APIClient()
        client.force_login(self.person(name), backend=BACKEND)
        return client

    def filled(self, name: str, amount: str, asset: str = "KES") -> Any:
        """Return somebody's wallet with something in it."""
        self.person(name)
        self.purses.do("top_up", name, amount, asset=asset)
        return self.purses.wallet(name, asset)

    def at(self, name: str, verb: str) -> str:
        """Return an address of the wallet service."""
        return f"{SERVICE}/{self.person(name).pk}/{verb}"

    def get(self, who: str, path: str, **query: Any) -> Any:
        return self.client(who).get(path, query)

    def send(self, who: str, path: str, *, once: str | None = "", **body: Any) -> Any:
        """Post something under a new key unless one is given; None is no key."""
        headers = {} if once is None else {"Idempotency-Key": once or uuid4().hex}
        headers |= body.pop("headers", {})
        return self.client(who).post(path, body, format="json", headers=headers)


def inside(answer: Any) -> Any:
    """Return what was answered, out of its envelope, which has to fit."""
    assert answer.status_code < 300, answer.content
    body = answer.json()
    if answer.wsgi_request.path.startswith((SERVICE, CUSTOMER)):
        assert (body["success"], body["error"]) == (True, None)
        body = body["data"]
    return body


def refusal(answer: Any) -> tuple[int, str, dict[str, Any]]:
    """Return status, code and params of a refusal, out of its envelope, which has to fit."""
    body = answer.json()
    if answer.request["PATH_INFO"].startswith((SERVICE, CUSTOMER)):
        assert set(body) == {"success", "data", "error"}
        assert (body["success"], body["data"]) == (False, None)
        body = body["error"]
    assert set(body) == {"code", "message", "params", "correlation_id"}
    return answer.status_code, body["code"], body["params"]


@pytest.fixture
def counter(purses: Purses) -> Counter:
    return Counter(purses)
