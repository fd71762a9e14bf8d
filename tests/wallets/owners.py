"""Two who sign in and own wallets of a program, and somebody who owns none."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from identity.models import User
from tests.factories import MembershipFactory, PartyFactory, UserFactory
from tests.wallets.purses import Purses
from wallets.models import Wallet


@dataclass
class Owner:
    """Somebody in a browser."""

    user: User
    client: Client
    purses: Purses
    name: str

    def wallet(self, asset: str = "KES") -> Wallet:
        return self.purses.wallet(self.name, asset)

    def url(self, page: str = "", asset: str = "KES") -> str:
        return f"/portal/wallets/{self.wallet(asset).pk}/{page}"

    def page(self, page: str = "", asset: str = "KES", **query: Any) -> str:
        answer = self.client.get(self.url(page, asset), query)
        assert answer.status_code == 200
        return answer.content.decode()

    def send(self, page: str, asset: str = "KES", **form: Any) -> Any:
        return self.client.post(self.url(page, asset), form)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def owner(purses: Purses, name: str) -> Owner:
    user = UserFactory(email=f"{name.split()[0].lower()}@example.com", name=name)
    MembershipFactory(user=user, program=purses.program)
    purses.parties[name] = PartyFactory(program=purses.program, name=name, user=user)
    return Owner(user, signed_in(user), purses, name)


@pytest.fixture
def ann(purses: Purses) -> Owner:
    """Has a thousand shillings."""
    ann = owner(purses, "Ann Able")
    purses.do("top_up", ann.name, "1000", description="Salary")
    return ann


@pytest.fixture
def ben(purses: Purses) -> Owner:
    """Has an empty wallet."""
    ben = owner(purses, "Ben Baker")
    ben.wallet()
    return ben
