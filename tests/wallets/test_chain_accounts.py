"""Addresses on chains as accounts at a rail, how deep their blocks must lie, and amounts in smallest units."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import DomainError
from identity.errors import SettingMakesNoSense, SettingNeedsProposal, SettingUnreadable
from identity.kinds import kind_named
from identity.models import Program, User
from identity.operations import change_setting
from identity.operations.store_setting import store_setting
from identity.proofs import checksummed
from identity.states import Role
from ledger.errors import BadAmount, TooFine
from ledger.models import Asset
from ledger.operations import define_asset
from ledger.states import AssetKind
from tests.evm.chain import Chain, Contract
from tests.factories import MembershipFactory, UserFactory
from tests.wallets.notices import SECRET
from tests.wallets.purses import Purses
from wallets import errors
from wallets.models import RailAccount, RailEvent
from wallets.operations import (
    activate_rail_account,
    change_rail_account,
    draft_rail_account,
    renew_hook,
    stop_rail_account,
)
from wallets.proposable.rail_accounts import CHANGE
from wallets.queries.chains import account_at, address_of, addresses_for, chains_in_use, finality_of
from wallets.queries.rail_accounts import account_of_hook, hook_path, hook_token
from wallets.rails.evm import EVM, FINALIZED, Proven, amount_of, look_up, units_of

pytestmark = pytest.mark.django_db

DEPTHS = "wallets.chain_depths"
ADDRESS = "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"
SHOWN = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
NUMBER = f"1:{ADDRESS}"


def drafted(program: Program, **other: Any) -> RailAccount:
    wanted = {"rail": "evm", "name": "chain", "number": NUMBER, "assets": ["USDC"], "secrets": {}}
    return draft_rail_account(program=program, **{**wanted, **other}, at=timezone.now())


def used(program: Program, **other: Any) -> RailAccount:
    account = drafted(program, **other)
    activate_rail_account(account.pk, program_id=program.pk, version=1, at=timezone.now())
    account.refresh_from_db()
    return account


def usd() -> Asset:
    return Asset.objects.get(code="USDC")


# Accounts


@pytest.mark.parametrize("number", [NUMBER, f"1:{SHOWN}", f"1:0x{ADDRESS[2:].upper()}"])
def test_an_address_is_kept_in_lower_case(purses: Purses, number: str) -> None:
    account = drafted(purses.program, number=number)

    assert (account.number, address_of(account)) == (NUMBER, ADDRESS)


@pytest.mark.parametrize(
    "number",
    [
        "", ADDRESS, f":{ADDRESS}", f"0:{ADDRESS}", f"01:{ADDRESS}", f"-1:{ADDRESS}", f"x:{ADDRESS}",
        f"\u0661:{ADDRESS}",
        f"1: {ADDRESS}", f"1:{ADDRESS}0", f"1:{ADDRESS[:-1]}", f"1:{ADDRESS[2:]}", f"1:{ADDRESS}\n",
        f"{2**53}:{ADDRESS}",
        f"1:{SHOWN.replace('E', 'e', 1)}", "1:0x" + 40 * "0", f"1:0X{ADDRESS[2:]}",
    ],
)  # fmt: skip
def test_what_is_no_address_on_a_chain(purses: Purses, number: str) -> None:
    with pytest.raises(errors.BadRailAccount):
        EVM.check_number(number)
    with pytest.raises(errors.BadRailAccount):
        drafted(purses.program, number=number)

    assert not RailAccount.objects.exists()


def test_an_address_is_one_programs_on_a_chain(purses: Purses, other: Purses) -> None:
    define_asset("USDB", name="USD on Base", kind=AssetKind.TOKEN, scale=6, chain_id=8453)
    drafted(purses.program)

    with pytest.raises(errors.RailAccountTaken):
        drafted(other.program, number=f"1:{SHOWN}")
    assert drafted(other.program, number=f"8453:{ADDRESS}", assets=["USDB"]).program == other.program


@pytest.mark.parametrize("asset", ["KES", "USDB", "GOLD"])
def test_an_asset_is_of_the_accounts_chain(purses: Purses, asset: str) -> None:
    define_asset("USDB", name="USD on Base", kind=AssetKind.TOKEN, scale=6, chain_id=11)

    with pytest.raises(errors.BadRailAccount, match=asset):
        drafted(purses.program, assets=["USDC", asset])

    assert not RailAccount.objects.exists()


def test_it_does_not_change_to_another_chain_under_its_assets(purses: Purses) -> None:
    account = drafted(purses.program)

    with pytest.raises(errors.BadRailAccount, match="USDC is not of the chain"):
        change_rail_account(
            account.pk, program_id=purses.program.pk, version=1, number=f"10:{ADDRESS}", assets=["USDC"],
            at=timezone.now(),
        )  # fmt: skip

    account.refresh_from_db()
    assert (account.number, account.version) == (NUMBER, 1)


def test_nor_is_that_proposed(purses: Purses) -> None:
    account = used(purses.program)

    with pytest.raises(errors.BadRailAccount, match="USDC is not of the chain"):
        kind_named(CHANGE).check(purses.program, {"rail_account": str(account.pk), "number": f"10:{ADDRESS}"})


def test_who_votes_reads_the_checksum(purses: Purses) -> None:
    account = used(purses.program)
    kind = kind_named(CHANGE)
    moved = "0x" + "a1" * 20
    payload = {"rail_account": str(account.pk), "number": f"1:{moved}"}

    said = dict(kind.describe(kind.prepared(purses.program, payload).payload))

    assert said["Number"] == f"1:{checksummed(moved)} (now 1:{SHOWN})"
    assert said["Rail account"] == "chain at EVM chain, version 1"


def test_it_has_no_secrets(purses: Purses) -> None:
    with pytest.raises(errors.BadRailAccount, match="its secrets are: none"):
        drafted(purses.program, secrets={"secret": SECRET})


# Nobody calls


@pytest.mark.parametrize("code", ["", "s", "evm"])
def test_nobody_calls_for_it(purses: Purses, code: str) -> None:
    account = used(purses.program)

    assert hook_path(account) == ""
    called = Client().post(f"/api/v2/hooks/{code}/{hook_token(account)}", data=b"{}", content_type="application/json")
    assert called.status_code == 404
    with pytest.raises(errors.UnknownHook):
        account_of_hook(code, hook_token(account))
    assert not RailEvent.objects.exists()


def test_it_is_given_no_other_address(purses: Purses) -> None:
    account = used(purses.program)

    with pytest.raises(errors.BadRailAccount, match="its rail never calls"):
        renew_hook(account.pk, program_id=purses.program.pk, reason="Leaked", at=timezone.now())

    before = account.hook_sha256
    account.refresh_from_db()
    assert bytes(account.hook_sha256) == bytes(before)


def test_its_page(purses: Purses) -> None:
    mia: User = UserFactory(email="mia@example.com")
    MembershipFactory(user=mia, program=purses.program, role=Role.OWNER)
    office = Client()
    office.force_login(mia)
    wanted = {
        "program": str(purses.program.pk), "rail": "evm", "name": "chain", "number": f"1:{SHOWN}", "assets": ["USDC"],
    }  # fmt: skip
    assert office.post(reverse("admin:wallets_railaccount_draft"), wanted).status_code == 302
    account = RailAccount.objects.get()
    activate_rail_account(account.pk, program_id=purses.program.pk, version=1, at=timezone.now())

    shown = office.get(reverse("admin:wallets_railaccount_change", args=[account.pk])).content.decode()

    assert f"1:{SHOWN}" in shown
    assert "nothing: we look it up" in shown
    assert "none, version 1" in shown
    assert "/api/v2/hooks/" not in shown
    assert reverse("admin:wallets_railaccount_stop", args=[account.pk]) in shown
    assert reverse("admin:wallets_railaccount_renew", args=[account.pk]) not in shown


# Whose address it is


def test_a_programs_address_is_found(purses: Purses, other: Purses) -> None:
    account = used(purses.program)
    drafted(other.program, number="1:0x" + "a1" * 20)

    assert account_at(ADDRESS, asset=usd(), program_id=purses.program.pk) == account
    assert list(addresses_for(usd(), program_id=purses.program.pk)) == [account]
    assert not addresses_for(usd(), program_id=other.program.pk).exists()


def test_which_chains_are_in_use(purses: Purses, other: Purses) -> None:
    define_asset("USDB", name="USD on Base", kind=AssetKind.TOKEN, scale=6, chain_id=8453)
    used(purses.program)
    used(other.program, number="1:0x" + "a1" * 20)
    used(purses.program, rail="signed", name="bank", number="ACME-1", secrets={"secret": SECRET})
    drafted(other.program, name="base", number=f"8453:{ADDRESS}", assets=["USDB"])

    assert chains_in_use() == [1]


@pytest.mark.parametrize(
    "why",
    [
        "another program",
        "another chain",
        "another address",
        "another asset",
        "no chain",
        "drafted",
        "stopped",
        "no such rail",
    ],
)
def test_what_is_not_the_programs_address(purses: Purses, other: Purses, why: str) -> None:
    define_asset("DAI", name="Dai", kind=AssetKind.TOKEN, scale=18, chain_id=1)
    program, address, asset = purses.program, ADDRESS, "USDC"
    if why == "drafted":
        drafted(program)
    elif why == "no such rail":
        used(program, rail="signed", secrets={"secret": SECRET})
    else:
        account = used(program)
        if why == "stopped":
            stop_rail_account(account.pk, program_id=program.pk, reason="Odd", at=timezone.now())
        if why == "another chain":  # past every check, as the books of a time before them could have it
            RailAccount.objects.filter(pk=account.pk).update(number=f"11:{ADDRESS}", version=2)
    program = other.program if why == "another program" else program
    address = address.replace("19e7", "19e8") if why == "another address" else address
    asset = {"another asset": "DAI", "no chain": "KES"}.get(why, asset)

    with pytest.raises(errors.UnknownRail):
        account_at(address, asset=Asset.objects.get(code=asset), program_id=program.pk)
    assert (
        not addresses_for(Asset.objects.get(code=asset), program_id=program.pk)
        .filter(number__endswith=address)
        .exists()
    )


def test_a_payment_to_a_programs_address_is_proven(chain: Chain, usdc: Contract, purses: Purses) -> None:
    asset = define_asset(
        "TUSD", name="Test dollar", kind=AssetKind.TOKEN, scale=6, chain_id=chain.chain_id, contract=usdc.address
    )
    account = used(purses.program, number=f"{chain.chain_id}:{SHOWN}", assets=["TUSD"])
    tx_hash = usdc.call("transfer", ADDRESS, units_of(Decimal("12.5"), asset="TUSD", scale=6))
    [found] = addresses_for(asset, program_id=purses.program.pk)

    proof = look_up(
        chain.chain_id, tx_hash, to=address_of(found), token=asset.contract, scale=asset.scale, finality=1
    )  # fmt: skip

    assert found == account
    assert isinstance(proof, Proven)
    assert [amount_of(each.units, scale=asset.scale) for each in proof.transfers] == [Decimal("12.5")]


# How deep


def set_depths(house: Program, value: Any, version: int = 0) -> None:
    store_setting(DEPTHS, program=house, value=value, version=version, reason="Chains", at=timezone.now())


def test_a_chain_waits_for_what_its_node_calls_final(house: Program) -> None:
    assert finality_of(1) == FINALIZED


def test_two_people_say_how_deep(house: Program, acting: None) -> None:
    with pytest.raises(SettingNeedsProposal):
        change_setting(DEPTHS, program=house, value=["10:1"], version=0, reason="Faster", at=timezone.now())

    set_depths(house, ["10:200", "1:finalized"])

    assert (finality_of(10), finality_of(1), finality_of(100), finality_of(20)) == (
        200,
        FINALIZED,
        FINALIZED,
        FINALIZED,
    )


@pytest.mark.parametrize(
    "value",
    [["10:0"], ["10:-1"], ["10"], ["10:"], [":5"], ["0:5"], ["01:5"], ["10:latest"], ["10:5:5"], ["10:1.5"],
     ["10:\u0661"],
     ["10:5", "10:6"], ["10:5", "10:5"], ["10:5", "10:finalized"], "10:5", [10]],
)  # fmt: skip
def test_a_depth_that_makes_no_sense(house: Program, acting: None, value: Any) -> None:
    with pytest.raises(SettingMakesNoSense):
        set_depths(house, value)

    assert finality_of(10) == FINALIZED


def test_a_depth_that_can_t_be_read_is_not_guessed(house: Program, acting: None) -> None:
    set_depths(house, ["10:200"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE identity_setting SET value = %s", ['["10:0"]'])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    with pytest.raises(SettingUnreadable):
        finality_of(10)


# Amounts


@pytest.mark.parametrize(
    ("units", "scale", "amount"),
    [
        (1, 6, "0.000001"), (25_000_000, 6, "25"), (1, 0, "1"), (10**18, 18, "1"),
        (10**38 - 1, 18, "99999999999999999999.999999999999999999"), (10**26 - 1, 6, "99999999999999999999.999999"),
    ],
)  # fmt: skip
def test_units_are_an_amount(units: int, scale: int, amount: str) -> None:
    assert amount_of(units, scale=scale) == Decimal(amount)
    assert units_of(Decimal(amount), asset="USDC", scale=scale) == units


@given(st.integers(min_value=1, max_value=10**20 - 1), st.integers(min_value=0, max_value=18), st.integers(1, 28))
def test_there_and_back(whole: int, scale: int, precision: int) -> None:
    units = whole * 10**scale + (7 if scale else 0)
    with localcontext(prec=precision):
        assert units_of(amount_of(units, scale=scale), asset="USDC", scale=scale) == units


@pytest.mark.parametrize(
    ("units", "scale"), [(0, 6), (-1, 6), (10**26, 6), (2**256 - 1, 18), (10**38, 18), (10**20, 0)]
)
def test_units_that_the_books_can_t_hold(units: int, scale: int) -> None:
    with pytest.raises(BadAmount):
        amount_of(units, scale=scale)


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ("0", BadAmount), ("-1", BadAmount), ("NaN", BadAmount), ("Infinity", BadAmount), ("1E+20", BadAmount),
        ("1E+999999", BadAmount), ("0.0000001", TooFine), ("1.0000001", TooFine), ("1E-999999", TooFine),
        ("99999999999999999999.9999999", TooFine),
    ],
)  # fmt: skip
def test_amounts_that_a_chain_can_t_carry(amount: str, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        units_of(Decimal(amount), asset="USDC", scale=6)
