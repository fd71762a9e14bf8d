"""Demo rails, with secrets that everybody knows: a bank that tells of what has arrived, and Coinbase to simulate."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Final

from identity.models import Program
from ledger.operations import define_asset
from ledger.states import AssetKind
from wallets.models import RailAccount, RailEvent, Wallet
from wallets.operations import activate_rail_account, apply_event, draft_rail_account, receive_event
from wallets.rails.coinbase import COINBASE
from wallets.rails.signed import HEADER, SIGNED, signature

NAME: Final = "bank"
SECRET: Final = "counting-house-demo-secret"  # noqa: S105  (everybody knows it)
MERCHANT: Final = "demo-merchant-1"
BASE: Final = 8453  # the chain's id
USDC_ON_BASE: Final = "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"


def make_rail(program: Program, wallet: Wallet, *, at: datetime) -> None:
    """Put a bank account to use, and let the bank tell of two deposits: one arrives, of one nobody knows the asset."""
    if RailAccount.objects.filter(program=program, name=NAME).exists():
        return
    account = draft_rail_account(
        program=program, rail=SIGNED.name, name=NAME, number="ACME-KES-1", assets=["KES"], secrets={"secret": SECRET},
        at=at,
    )  # fmt: skip
    activate_rail_account(account.pk, program_id=program.pk, version=account.version, at=at)
    make_merchant(program, at=at)
    for number, asset in enumerate(("KES", "XAF"), start=1):
        event = _tell(account, wallet, number=number, asset=asset, amount=Decimal(2_500) * number, at=at)
        apply_event(event.pk, at=at)


def make_merchant(program: Program, *, at: datetime) -> None:
    """Put an account at Coinbase to use, for `manage.py simulate coinbase`, and name the coin that is paid there."""
    define_asset("USDC", name="USD Coin", kind=AssetKind.TOKEN, scale=6, chain_id=BASE, contract=USDC_ON_BASE)
    account = draft_rail_account(
        program=program, rail=COINBASE.name, name=COINBASE.name, number=MERCHANT, assets=["USD", "USDC"],
        secrets={credential.name: SECRET for credential in COINBASE.credentials}, at=at,
    )  # fmt: skip
    activate_rail_account(account.pk, program_id=program.pk, version=account.version, at=at)


def _tell(account: RailAccount, wallet: Wallet, *, number: int, asset: str, amount: Decimal, at: datetime) -> RailEvent:
    data = {"asset": asset, "amount": str(amount), "receipt": f"DEMO{number}", "wallet": str(wallet.pk),
            "reference": "Salary"}  # fmt: skip
    told = {"id": f"demo-{number}", "type": "deposit.confirmed", "occurred_at": at.isoformat(), "data": data}
    body = json.dumps(told, indent=2).encode()
    headers = {"Content-Type": "application/json", HEADER.title(): signature(SECRET, body, at=at)}
    return receive_event(account, body=body, headers=headers, address="127.0.0.1", at=at)
