"""Paid on a chain, from what is due to what has arrived."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from payouts import operations
from payouts.models import Attempt
from tests.affiliates.troupe import RAIL
from tests.payouts.chain_house import COIN, DEPTH, ChainHouse, address
from tests.payouts.till_takers import takers_without
from wallets.rails.sending import Unclear

pytestmark = pytest.mark.django_db

ADA, BEA, CYD = address(1), address(2), address(3)


def test_a_token_is_paid_the_whole_way(chain_house: ChainHouse) -> None:
    on = chain_house
    on.earns("ada", "120.5", to=ADA)
    on.earns("bea", "50.000001", to=BEA)
    batch = on.started()

    sent = on.house.send()

    assert sent.counts == {"accepted": 2}
    assert on.house.payouts(batch) == ["ada 120.5 ACCEPTED", "bea 50.000001 ACCEPTED"]
    assert on.books()["in_flight"] == "170.500001"
    on.ask()
    assert on.house.payouts(batch) == ["ada 120.5 ACCEPTED", "bea 50.000001 ACCEPTED"], "no block has it"
    on.mine(DEPTH - 1)
    on.ask()
    assert on.house.payouts(batch) == ["ada 120.5 ACCEPTED", "bea 50.000001 ACCEPTED"], "it is not deep enough"
    on.mine(1)
    on.ask()
    assert on.house.payouts(batch) == ["ada 120.5 PAID", "bea 50.000001 PAID"]
    assert on.house.state(batch) == "EXECUTED"
    assert (on.arrived(ADA), on.arrived(BEA)) == ([120_500_000], [50_000_001])
    on.require_order()


def test_the_chains_own_coin_is_paid_the_whole_way(chain_house: ChainHouse) -> None:
    on = chain_house
    on.house.earns("ada", "1.000000000000000001", asset="ETH", kind="EVM", destination=ADA)
    batch = on.started(asset="ETH")

    on.house.send()
    on.settle()

    assert on.house.payouts(batch) == ["ada 1.000000000000000001 PAID"]
    assert on.coins_at(ADA) == COIN + 1
    on.require_order()


def test_what_an_owner_takes_out_arrives_on_the_chain(chain_house: ChainHouse) -> None:
    on, takers = chain_house, takers_without(chain_house.house)
    takers.purses.do("top_up", "ann", "100", asset="TOK", rail=RAIL)
    withdrawal = takers.takes("ann", "60.000001", asset="TOK", kind="EVM", to=ADA.upper().replace("X", "x"))
    batch = on.started()

    on.house.send()
    assert on.house.payouts(batch) == ["ann's 60.000001 ACCEPTED"]
    assert takers.stands(withdrawal) == ["SENT", "OPEN", "PENDING"]
    on.settle()

    assert on.arrived(ADA) == [60_000_001]
    assert takers.stands(withdrawal) == ["PAID", "CAPTURED", "COMPLETED 39.999999"]
    withdrawal.refresh_from_db()
    assert withdrawal.receipt == Attempt.objects.get().receipt
    takers.require_order()
    on.require_order()


def test_what_shows_that_it_was_paid_is_kept(chain_house: ChainHouse) -> None:
    on = chain_house
    on.earns("ada", "10", to=ADA)
    on.started()
    on.house.send()
    on.settle()

    attempt = Attempt.objects.get()

    receipt = on.chain.receipt(attempt.receipt)
    assert attempt.receipt == on.hashes("ada")[0]
    assert attempt.evidence["block_hash"] == receipt["blockHash"]
    assert attempt.evidence["position"] == 1
    gas = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert int(float(on.books("ETH")["fees"]) * COIN) == pytest.approx(gas)
    on.require_order()


def test_a_chain_is_asked_every_few_seconds_also_after_we_were_away(chain_house: ChainHouse) -> None:
    on = chain_house
    on.earns("ada", "10", to=ADA)
    on.started()
    on.house.send()
    before = timezone.now()
    assert Attempt.objects.filter(ask_at=F("answered_at") + timedelta(seconds=15)).exists()

    on.ask()  # tomorrow

    tomorrow = before + timedelta(days=1)
    assert Attempt.objects.filter(ask_at__range=(tomorrow, timezone.now() + timedelta(days=1, seconds=15))).exists()


def test_what_becomes_unclear_is_asked_about_from_the_beginning(chain_house: ChainHouse) -> None:
    on = chain_house
    on.earns("ada", "10", to=ADA)
    on.started()
    on.house.send()
    Attempt.objects.update(asked=2_000)

    operations.record_answers([(Attempt.objects.get().pk, Unclear(reason="Nobody knows."))], at=timezone.now())

    assert Attempt.objects.get().asked == 0
