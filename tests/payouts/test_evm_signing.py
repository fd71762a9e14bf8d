"""What is signed, held against another hand's work; and who signs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.payouts.chain_house import KEY
from tests.wallet import sign_transaction
from wallets.errors import BadPayee
from wallets.rails import RailError
from wallets.rails.evm.fees import GWEI, Offer, Price, offer_for, raised, read_price
from wallets.rails.evm.nodes import NodeRefused
from wallets.rails.evm.paying import PAYER
from wallets.rails.evm.receipts import read_receipt
from wallets.rails.evm.signers import LocalKey, signer_of
from wallets.rails.evm.transactions import Transaction, transfer_data

OURS = "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc"
HUGE = st.integers(min_value=0, max_value=2**256 - 1)


@given(
    nonce=st.integers(min_value=0, max_value=2**64 - 2), chain_id=st.integers(min_value=1, max_value=2**53 - 1),
    tip=HUGE, more=HUGE, gas=st.integers(min_value=0, max_value=2**64 - 1), value=HUGE,
    data=st.binary(max_size=300), to=st.binary(min_size=20, max_size=20),
)  # fmt: skip
def test_it_is_signed_as_another_hand_signs_it(
    nonce: int, chain_id: int, tip: int, more: int, gas: int, value: int, data: bytes, to: bytes
) -> None:
    max_fee = max(tip, more)
    signed = LocalKey(KEY).sign(
        Transaction(
            chain_id=chain_id, nonce=nonce, tip=tip, max_fee=max_fee, gas=gas, to="0x" + to.hex(), value=value,
            data="0x" + data.hex(),
        )
    )  # fmt: skip

    theirs = sign_transaction(
        {
            "type": 2, "chainId": chain_id, "nonce": nonce, "maxPriorityFeePerGas": tip, "maxFeePerGas": max_fee,
            "gas": gas, "to": to, "value": value, "data": data,
        },
        KEY,
    )  # fmt: skip
    assert (signed.raw, signed.hash) == theirs


def test_a_transfer_is_told_in_words() -> None:
    assert transfer_data("0x" + "b2" * 20, 2_400_159) == (
        "0xa9059cbb000000000000000000000000" + "b2" * 20 + "0" * 58 + "249f9f"
    )


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "RELAYER_PRIVATE_KEY is not set"),
        ("0" * 64, "is no key"),
        ("f" * 64, "is no key"),
        ("1".rjust(64, "0"), f"not of {OURS}"),
    ],
)
def test_nobody_signs_but_whose_key_it_is(settings: Any, key: str, says: str) -> None:
    settings.RELAYER_PRIVATE_KEY = key

    with pytest.raises(RailError, match=says) as no:
        signer_of(OURS)

    assert no.value.is_permanent
    assert not key or key not in repr(no.value)


def test_a_key_is_never_shown(settings: Any) -> None:
    settings.RELAYER_PRIVATE_KEY = KEY

    assert KEY.removeprefix("0x") not in repr(signer_of(OURS))


# Fees


def test_an_offer_is_enough_for_a_base_that_doubles() -> None:
    assert offer_for(Price(30 * GWEI, GWEI), at_most=200 * GWEI) == Offer(61 * GWEI, GWEI)


def test_an_offer_is_never_more_than_was_allowed() -> None:
    assert offer_for(Price(30 * GWEI, GWEI), at_most=40 * GWEI) == Offer(40 * GWEI, GWEI)
    with pytest.raises(RailError, match="gas is at 31 gwei, and 30 gwei is the most: waits"):
        offer_for(Price(30 * GWEI, GWEI), at_most=30 * GWEI)


@given(
    max_fee=st.integers(1, 10**15), tip=st.integers(0, 10**15), base=st.integers(0, 10**12), now=st.integers(0, 10**12)
)
def test_what_is_raised_is_raised_by_an_eighth_and_is_enough(max_fee: int, tip: int, base: int, now: int) -> None:
    before = Offer(max(max_fee, tip), tip)

    after = raised(before, Price(base, now), at_most=10**18)

    assert after.max_fee * 8 >= before.max_fee * 9
    assert after.tip * 8 >= before.tip * 9
    assert after.tip > before.tip
    assert after.tip <= after.max_fee
    assert after.max_fee >= base + after.tip


def test_what_would_be_raised_above_the_most_is_not() -> None:
    with pytest.raises(RailError, match="it would take gas at 45 gwei, and 44 gwei is the most"):
        raised(Offer(40 * GWEI, GWEI), Price(30 * GWEI, GWEI), at_most=44 * GWEI)


def test_a_node_that_suggests_no_tip_has_a_history() -> None:
    history = {"baseFeePerGas": ["0x1", "0x2"], "reward": [["0x5"], ["0x9"], ["0x7"]]}

    assert read_price(history, NodeRefused("it", code=-32601, message="no such method")) == Price(2, 7)
    assert read_price(history, "0xff") == Price(2, 255)


@pytest.mark.parametrize("history", [None, {}, {"baseFeePerGas": []}, {"baseFeePerGas": None}])
def test_a_chain_without_a_price_of_gas_is_not_paid_on(history: Any) -> None:
    with pytest.raises(RailError, match="does not say what gas costs"):
        read_price(history, "0x1")


# What it took


@pytest.mark.parametrize(
    ("more", "gas"),
    [
        ({"gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00"}, 21_000 * GWEI),
        # Chains on top of another one take that one's gas as well.
        ({"gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00", "l1Fee": "0x10"}, 21_000 * GWEI + 16),
        ({"gasUsed": "0x5208"}, None),
    ],
)
def test_a_receipt_says_what_was_taken_for_gas(more: dict[str, str], gas: int | None) -> None:
    tx_hash = "0x" + "ab" * 32
    said = {"transactionHash": tx_hash, "status": "0x1", "blockHash": tx_hash, "blockNumber": "0x1", "logs": [], **more}

    receipt = read_receipt(said, tx_hash=tx_hash)

    assert receipt is not None
    assert receipt.gas == gas


# Destinations


def test_a_destination_is_kept_in_lower_case() -> None:
    assert PAYER.checked("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc ") == OURS


@pytest.mark.parametrize("said", ["0x9965507d1a55bcC2695C58ba16FB37d819B0A4dc", "0x" + "0" * 40, "0x12", "", "ada.eth"])
def test_nobody_is_paid_where_it_makes_no_sense(said: str) -> None:
    with pytest.raises(BadPayee):
        PAYER.checked(said)
