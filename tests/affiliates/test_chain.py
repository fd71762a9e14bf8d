"""A member claims what they have paid, on a real chain: the receipt settles it, and nothing else does."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from affiliates import operations
from affiliates.models import Claim, Settlement
from affiliates.operations.look_up_receipts import GIVEN_UP_AFTER
from affiliates.queries import checking
from identity.operations import store_setting
from ledger.operations import define_asset, work_intents
from ledger.states import AssetKind
from tests.affiliates.test_errands import claiming, outcome
from tests.affiliates.troupe import Troupe
from tests.evm.chain import Chain, Contract
from tests.evm.relay import Relay, answering
from tests.factories import ProgramFactory
from wallets.operations import activate_rail_account, draft_rail_account

pytestmark = pytest.mark.django_db

OURS = "0x" + "a1" * 20
MAX, EVE = 1, 2  # the chain's accounts


@pytest.fixture
def sold(troupe: Troupe, chain: Chain, usdc: Contract) -> Troupe:
    """Max, whom Bea brought, has money on the chain, and the program an address there."""
    house = ProgramFactory(slug="house")
    store_setting(
        "wallets.chain_depths", program=house, value=[f"{chain.chain_id}:2"], version=0, reason="so", at=timezone.now()
    )
    define_asset("USDX", name="Dollars", kind=AssetKind.TOKEN, scale=6, chain_id=chain.chain_id, contract=usdc.address)
    account = draft_rail_account(
        program=troupe.program, rail="evm", name="base", number=f"{chain.chain_id}:{OURS}", assets=["USDX"], secrets={},
        at=timezone.now(),
    )  # fmt: skip
    activate_rail_account(account.pk, program_id=troupe.program.pk, version=1, at=timezone.now())
    troupe.affiliate("ada")
    troupe.affiliate("bea", under="ada")
    troupe.member("max", by="bea", wallet_address=chain.accounts[MAX].lower())
    for who in (MAX, EVE):
        usdc.call("transfer", chain.accounts[who], 1_000_000_000)
    return troupe


def pay(usdc: Contract, units: int = 25_000_000, *, by: int = MAX, to: str = OURS) -> str:
    return usdc.call("transfer", to, units, by=by)


def claim(troupe: Troupe, chain: Chain, tx_hash: str, **more: Any) -> Settlement:
    """Claim it and have it approved."""
    address = chain.accounts[MAX].lower()
    intent = claiming(
        troupe, wallet_address=address, chain_id=chain.chain_id, tx_hash=tx_hash, **{"asset": "USDX", **more}
    )
    assert outcome(intent) == "COMPLETED"
    assert intent.result is not None
    approved = operations.approve_claim(
        intent.result["claim"], program_id=troupe.program.pk, reason="looked at", at=timezone.now()
    )
    assert approved.settlement is not None
    return approved.settlement


def look(settlement: Settlement) -> str:
    """Have it looked up now, and say what came of it."""
    Settlement.objects.filter(pk=settlement.pk, due_at__isnull=False).update(due_at=timezone.now())
    came = operations.look_up_receipts(seconds_at_most=5)
    work_intents(seconds_at_most=5)
    settlement.refresh_from_db()
    return next(iter(came), "nothing")


def test_a_receipt_settles_a_claim(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    paid = pay(usdc)
    chain.mine()
    settlement = claim(sold, chain, paid)

    assert look(settlement) == "proven"

    assert (settlement.state, settlement.position, settlement.rail) == ("CONFIRMED", 1, "base")
    assert Claim.objects.get().state == "SETTLED"
    assert sold.rows() == ["bea DIRECT 2.5 ACCRUED", "ada OVERRIDE 0.5 ACCRUED"]
    assert sold.balance("rail:base:clearing", asset="USDX") == "25"
    sold.require_order()
    assert look(settlement) == "nothing"


def test_a_receipt_settles_one_claim(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    paid = pay(usdc)
    chain.mine()
    look(claim(sold, chain, paid))

    again = claim(sold, chain, paid, reference="order-2")
    look(again)

    assert again.state == "PENDING"
    assert sold.owed("bea", asset="USDX") == "2.5"
    sold.require_order()


def test_what_is_not_deep_yet_waits(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    settlement = claim(sold, chain, pay(usdc))

    assert look(settlement) == "waiting"
    assert "1 blocks deep; 2 are needed" in settlement.verdict
    assert settlement.due_at is not None
    assert settlement.due_at > timezone.now()
    chain.mine()
    assert look(settlement) == "proven"


def test_what_is_not_mined_waits_and_is_given_up(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    settlement = claim(sold, chain, "0x" + "ee" * 32)
    assert look(settlement) == "waiting"

    Settlement.objects.filter(pk=settlement.pk).update(attempts=400)
    later = timezone.now() + GIVEN_UP_AFTER + timedelta(hours=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: later)
        assert look(settlement) == "failed"

    assert settlement.state == "FAILED"
    assert (Claim.objects.get().state, Claim.objects.get().reason) == ("REJECTED", "No block has the transaction.")


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"by": EVE}, "not sent from the member's address"),
        ({"units": 24_999_999}, "brought 24.999999 USDX, not 25"),
        ({"units": 25_000_001}, "brought 25.000001 USDX, not 25"),
        ({"to": "0x" + "b2" * 20}, "brought no USDX to an address of ours"),
    ],
)
def test_another_payment_settles_nothing(
    sold: Troupe, chain: Chain, usdc: Contract, more: dict[str, Any], verdict: str
) -> None:
    paid = pay(usdc, **more)
    chain.mine()
    settlement = claim(sold, chain, paid)

    assert look(settlement) == "failed"

    assert verdict in settlement.verdict
    assert settlement.state == "FAILED"
    assert Claim.objects.get().state == "REJECTED"
    assert sold.rows() == []


def test_a_payment_that_failed_settles_nothing(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    failed = pay(usdc, 10**15)
    chain.mine()
    settlement = claim(sold, chain, failed)

    assert look(settlement) == "failed"
    assert "failed on the chain" in settlement.verdict


def test_a_claim_of_another_chain_is_refused(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    address = chain.accounts[MAX].lower()

    assert (
        outcome(claiming(sold, wallet_address=address, asset="USDX", chain_id=10, tx_hash=pay(usdc))) == "unknown_chain"
    )


def test_a_node_that_fails_decides_nothing(sold: Troupe, chain: Chain, usdc: Contract, relay: Relay) -> None:
    paid = pay(usdc)
    chain.mine()
    settlement = claim(sold, chain, paid)
    relay.instead = answering(b"<html>busy</html>", status=503)

    assert look(settlement) == "waiting"
    assert "could not be asked" in settlement.verdict

    relay.instead = None
    assert look(settlement) == "proven"


def test_a_chain_that_changes_its_mind_is_a_finding(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    paid = pay(usdc)
    chain.mine()
    settlement = claim(sold, chain, paid)
    look(settlement)
    assert findings(sold) == []

    chain.forget(3)
    chain.mine(3)
    Settlement.objects.update(verified_at=timezone.now() - timedelta(days=1))
    assert operations.look_again(seconds_at_most=5) == {"differs": 1}

    assert findings(sold) == ["Looked at again: No block has the transaction."]
    settlement.refresh_from_db()
    assert settlement.state == "CONFIRMED"  # people decide


def test_what_stands_stands(sold: Troupe, chain: Chain, usdc: Contract) -> None:
    paid = pay(usdc)
    chain.mine()
    look(claim(sold, chain, paid))
    Settlement.objects.update(verified_at=timezone.now() - timedelta(days=3))
    assert findings(sold) == ["its receipt was not looked at again"]

    assert operations.look_again(seconds_at_most=5) == {"stands": 1}

    assert findings(sold) == []
    assert operations.look_again(seconds_at_most=5) == {}


def findings(troupe: Troupe) -> list[str]:
    return [said for _, said in checking.proofs(troupe.program.pk, at=timezone.now())[1]]
