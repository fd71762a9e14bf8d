"""A program that pays on a real chain: a coin, and a token that behaves as it is told to."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from identity.models import Membership, User
from identity.operations import store_setting
from identity.states import Role
from ledger.operations import define_asset, open_account
from ledger.states import AssetKind
from payouts.models import Attempt, PayoutBatch
from tests.affiliates.troupe import RAIL
from tests.conftest import member
from tests.evm.chain import Chain, Contract, words
from tests.factories import ProgramFactory, UserFactory
from tests.payouts.house import House, asset
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.rails.evm.receipts import TRANSFER

HOT = 5  # of the chain's accounts: what we pay from; the first has every token
KEY = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"
COIN = 10**18
DEPTH = 3


def address(number: int) -> str:
    """Return the address of somebody who has nothing yet."""
    return f"0x{0xBEEF << 112 | number:040x}"


@dataclass
class ChainHouse:
    """The house, and the chain that it pays on. What the chain says is the truth that everything is compared with."""

    house: House
    chain: Chain
    token: Contract
    account: RailAccount
    second: User  # what has no price in the program's own currency takes two approvers
    days: Any = field(default_factory=lambda: count(1))

    @property
    def hot(self) -> str:
        return self.chain.accounts[HOT]

    def earns(self, name: str, amount: str, *, to: str, code: str = "TOK") -> None:
        self.house.earns(name, amount, asset=code, kind="EVM", destination=to)

    def started(self, *, asset: str = "TOK", **more: Any) -> PayoutBatch:
        batch = self.house.submitted(asset=asset, **more)
        self.house.agree(batch)
        self.house.agree(batch, by=self.second)
        self.house.do("execute_batch", batch, by=self.house.maker)
        return batch

    def mine(self, blocks: int = DEPTH) -> None:
        self.chain.mine(blocks)

    def ask(self) -> Any:
        """Have the rail asked, a day later each time."""
        return self.house.ask(after=timedelta(days=next(self.days)))

    def settle(self) -> None:
        """Let the chain go on, and ask."""
        self.mine()
        self.ask()

    def price(self, gwei: int) -> None:
        """Let gas cost so much from the next block on."""
        self.chain.price(gwei)
        self.chain.mine()

    def pass_time(self, minutes: int) -> None:
        self.chain.ask("evm_increaseTime", minutes * 60)
        self.chain.mine()

    def wire(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.attempt(name).wire
        return found

    def attempt(self, name: str) -> Attempt:
        return Attempt.objects.filter(payout=self.house.payout(name)).latest("pk")

    def hashes(self, name: str) -> list[str]:
        return [each["hash"] for each in self.wire(name)["signed"]]

    def drop(self, name: str) -> None:
        """Have the node forget what waits."""
        for tx_hash in self.hashes(name):
            self.chain.ask("anvil_dropTransaction", tx_hash)

    def tokens_at(self, whom: str, *, token: Contract | None = None) -> int:
        told = {"to": (token or self.token).address, "data": f"0x70a08231{words(whom)}"}
        return int(self.chain.ask("eth_call", told, "latest"), 16)

    def coins_at(self, whom: str) -> int:
        return int(self.chain.ask("eth_getBalance", whom, "latest"), 16)

    def arrived(self, whom: str) -> list[int]:
        """Return each transfer that somebody got from us, as the token's logs have them: twice paid is two of them."""
        sought = {
            "fromBlock": "0x0", "toBlock": "latest", "address": self.token.address,
            "topics": [TRANSFER, f"0x{words(self.hot)}", f"0x{words(whom)}"],
        }  # fmt: skip
        return [int(log["data"], 16) for log in self.chain.ask("eth_getLogs", sought)]

    def books(self, code: str = "TOK") -> dict[str, str]:
        return {
            part: self.house.troupe.balance(f"rail:{self.account.name}:{part}", asset=code)
            for part in ("float", "in_flight", "fees")
        }

    def require_order(self) -> None:
        """Hold that payouts, rows, books and chain agree, nothing being on its way."""
        self.house.require_order()
        for code, scale, there in (("TOK", 6, self.tokens_at(self.hot)), ("ETH", 18, self.coins_at(self.hot))):
            booked = self.books(code)
            assert Decimal(booked["in_flight"]) == 0, (code, booked)
            assert Decimal(booked["float"]).scaleb(scale) == there, (code, booked, there)


@pytest.fixture
def chain_house(house_of_two: House, chain: Chain, settings: Any) -> ChainHouse:
    return house_on(chain, house_of_two, chain.deploy("Token", 6), settings)


def house_on(chain: Chain, house: House, token: Contract, settings: Any) -> ChainHouse:
    """Let the house pay in this token and the chain's coin, with a thousand of the one and ten of the other."""
    now = timezone.now()
    settings.RELAYER_PRIVATE_KEY = KEY
    define_asset("ETH", name="Coin", kind=AssetKind.TOKEN, scale=18, chain_id=chain.chain_id)
    define_asset("TOK", name="Token", kind=AssetKind.TOKEN, scale=6, chain_id=chain.chain_id, contract=token.address)
    store_setting(
        "wallets.chain_depths", program=ProgramFactory(slug="house"), value=[f"{chain.chain_id}:{DEPTH}"], version=0,
        reason="The tests' chain", at=now,
    )  # fmt: skip
    for code in ("ETH", "TOK"):
        for part in ("clearing", "float"):
            open_account(f"rail:{RAIL}:{part}", program=house.program, asset_code=code, at=now)
    drafted = draft_rail_account(
        program=house.program, rail="evm", name="hot", number=f"{chain.chain_id}:{chain.accounts[HOT]}",
        assets=["TOK", "ETH"], secrets={}, at=now,
    )  # fmt: skip
    account = activate_rail_account(drafted.pk, program_id=house.program.pk, version=1, at=now)
    house.account = account
    chain.ask("anvil_setBalance", chain.accounts[HOT], hex(10 * COIN))
    token.call("transfer", chain.accounts[HOT], 1_000_000_000)
    house.funds("1000", asset="TOK", account=account)
    house.funds("10", asset="ETH", account=account)
    assert asset("TOK").contract == token.address
    second = member(UserFactory(email="olga@example.com", name="Olga"), house.program, Role.FINANCE_APPROVER)
    Membership.objects.filter(user=second).update(created_at=now - timedelta(days=2))
    return ChainHouse(house, chain, token, account, second)
