"""Demo rails, with secrets that everybody knows: a bank that tells of deposits, and others to simulate."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Final

from identity.models import Program
from ledger.movements import Movement, Posting
from ledger.operations import define_asset, open_account, post
from ledger.states import AssetKind
from wallets.models import RailAccount, RailEvent, Wallet
from wallets.operations import activate_rail_account, apply_event, draft_rail_account, receive_event
from wallets.rails.bankfile import BANKFILE
from wallets.rails.coinbase import COINBASE
from wallets.rails.kcb import KCB
from wallets.rails.mpesa import MPESA
from wallets.rails.signed import HEADER, SIGNED, signature

NAME: Final = "bank"
SECRET: Final = "counting-house-demo-secret"  # noqa: S105  (everybody knows it)
MERCHANT: Final = "demo-merchant-1"
BASE: Final = 8453  # the chain's id
SHORTCODE: Final = "600992"
COMPANY: Final = "KE0010001"
FLOAT: Final = Decimal(250_000)
# Nobody has the private half of it: the simulator doesn't read passwords.
PUBLIC_KEY: Final = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr7b7yl0S9J2JX8fcIdWA
XZh5SBV5WitOHmkKVVlEbWRiLhL5bIGAMJ24u+rqfvz09k4Q6iDW2O7cIibtWZdK
a4Hz2dGJRNtyMuIVmFN8hk06YJKhfyGKuEbXVg37ezKu16oqi0/PR/qKCvbCXuRf
QiYY6GBQycjQEVddk6/fVYK4mUhlP/FwSzU2d2OB/P35p5KbBEyeQAbyv/hklLyh
dm2rlueuMD6uzLAVZyutaC87M6W3oLkhOz1qX/DLzGRyByoDPlrPLMyu6gaIzT8R
ua4LIfc5mbjsn47HM/e7YPIuShWDN/qZN5VLD72jOfwplqHymIofWKoldinUjXMO
1QIDAQAB
-----END PUBLIC KEY-----
"""
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
    make_phones(program, at=at)
    make_banks(program, at=at)
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


def make_phones(program: Program, *, at: datetime) -> None:
    """Put a shortcode at M-Pesa to use, for `manage.py simulate mpesa`, with money to pay out."""
    secrets = {
        "consumer_key": SECRET, "consumer_secret": SECRET, "initiator_name": "demo", "initiator_password": SECRET,
        "certificate": PUBLIC_KEY,
    }  # fmt: skip
    account = draft_rail_account(
        program=program, rail=MPESA.name, name="phones", number=SHORTCODE, assets=["KES"], secrets=secrets, at=at
    )
    _use(account, FLOAT, at=at)


def make_banks(program: Program, *, at: datetime) -> None:
    """Put an account at KCB to use, for `manage.py simulate kcb`, and one that is paid from by file."""
    secrets = {"consumer_key": SECRET, "consumer_secret": SECRET, "company_code": COMPANY}
    for rail, name, number, asset, own in (
        (KCB.name, "kcb", "1234567890", "KES", secrets), (BANKFILE.name, "dollars", "ACME-USD-1", "USD", {}),
    ):  # fmt: skip
        account = draft_rail_account(
            program=program, rail=rail, name=name, number=number, assets=[asset], secrets=own, at=at
        )
        _use(account, FLOAT, at=at)


def _use(account: RailAccount, float_: Decimal, *, at: datetime) -> None:
    """Put an account to use with money to pay out."""
    program, (asset,) = account.program, account.assets
    activate_rail_account(account.pk, program_id=program.pk, version=account.version, at=at)
    codes = (f"rail:{account.name}:float", f"program:{program.slug}:capital")
    there, capital = (open_account(code, program=program, asset_code=asset, at=at).pk for code in codes)
    movement = Movement(there, capital, float_)
    post(Posting(program_id=program.pk, key=f"demo:float:{account.name}", kind="FLOAT_IN", movements=(movement,)))


def _tell(account: RailAccount, wallet: Wallet, *, number: int, asset: str, amount: Decimal, at: datetime) -> RailEvent:
    data = {"asset": asset, "amount": str(amount), "receipt": f"DEMO{number}", "wallet": str(wallet.pk),
            "reference": "Salary"}  # fmt: skip
    told = {"id": f"demo-{number}", "type": "deposit.confirmed", "occurred_at": at.isoformat(), "data": data}
    body = json.dumps(told, indent=2).encode()
    headers = {"Content-Type": "application/json", HEADER.title(): signature(SECRET, body, at=at)}
    return receive_event(account, body=body, headers=headers, address="127.0.0.1", at=at)
