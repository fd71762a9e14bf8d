"""The routes of affiliates as callers meet them: who asks, what is sent, and that a refusal moves nothing."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from affiliates.models import Affiliate, Claim, Commission, Member, Reversal, Settlement
from audit.context import acting_as
from config.bench.wallets import make_key
from identity.models import User, WalletAddress
from identity.operations import change_setting
from identity.states import Role
from ledger.models import Intent, Transaction
from ledger.operations import work_intents
from tests.affiliates.troupe import Troupe
from tests.factories import MembershipFactory, UserFactory
from tests.signed_in import BACKEND

STAFF = {"olga": Role.OWNER, "mia": Role.FINANCE_MAKER, "anton": Role.FINANCE_APPROVER, "sam": Role.SUPPORT,
         "audra": Role.AUDITOR}  # fmt: skip
V2 = "/api/v2"


@dataclass
class Office:
    """Where affiliates, members and staff of one program are served. A name that no staff has is a customer's."""

    troupe: Troupe
    people: dict[str, User] = field(default_factory=dict)

    def person(self, name: str) -> User:
        if name not in self.people:
            self.people[name] = UserFactory(email=f"{name}@example.com", name=name)
            MembershipFactory(
                user=self.people[name], program=self.troupe.program, role=STAFF.get(name, Role.CUSTOMER),
                created_at=timezone.now() - timedelta(days=9),
            )  # fmt: skip
        return self.people[name]

    def affiliate(self, name: str, **more: Any) -> Affiliate:
        """Return an affiliate who signs in."""
        return self.troupe.affiliate(name, user=self.person(name), **more)

    def proves(self, name: str, address: str) -> str:
        """Let somebody have signed for an address."""
        WalletAddress.objects.create(user=self.person(name), address=address, chain_id=1, proven_at=timezone.now())
        return address

    def client(self, who: str) -> APIClient:
        """Return a client of somebody; what begins with "key:" is a key with these scopes."""
        client = APIClient()
        if who.startswith("key:"):
            key = make_key(self.troupe.program, *who.removeprefix("key:").split())
            client.credentials(HTTP_AUTHORIZATION=key)
        else:
            client.force_login(self.person(who), backend=BACKEND)
        return client

    def get(self, who: str, path: str, **query: Any) -> Any:
        return self.client(who).get(f"{V2}/{path}", query)

    def send(self, who: str, path: str, *, once: str | None = "", **body: Any) -> Any:
        """Post something under a new key unless one is given; None is no key."""
        headers = {} if once is None else {"Idempotency-Key": once or uuid4().hex}
        return self.client(who).post(f"{V2}/{path}", body, format="json", headers=headers)

    def set(self, key: str, value: Any) -> None:
        with acting_as("test", "pytest"):
            change_setting(
                f"affiliates.{key}", program=self.troupe.program, value=value, version=0, reason="a test",
                at=timezone.now(),
            )  # fmt: skip

    def work(self) -> None:
        work_intents(seconds_at_most=5)


def refusal(answer: Any) -> tuple[int, str]:
    """Return status and code of a refusal, whose body has to be the one error body."""
    body = answer.json()
    assert set(body) == {"code", "message", "params", "correlation_id"}, body
    return answer.status_code, body["code"]


def params(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["params"]
    return found


def results(answer: Any, name: str = "id") -> list[Any]:
    assert answer.status_code == 200, answer.content
    return [row[name] for row in answer.json()["results"]]


def counted() -> dict[str, int]:
    models = (Affiliate, Claim, Commission, Intent, Member, Reversal, Settlement, Transaction)
    return {model.__name__: model.objects.count() for model in models}


@pytest.fixture
def office(troupe: Troupe) -> Office:
    return Office(troupe)
