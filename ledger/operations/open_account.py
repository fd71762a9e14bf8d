"""Open an account."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction

from audit.operations import record
from identity.models import Program
from ledger import chart
from ledger.errors import BadAccountCode, NotForThisAsset, UnknownAsset
from ledger.models import Account, Asset
from ledger.states import AssetKind

# The server counts the stripes out: to make and send a row for each takes longer than all else.
_BALANCES: Final = """
INSERT INTO ledger_balance (account_id, stripe, stripes, floor, amount, version)
SELECT %(account)s, stripe, %(stripes)s, %(floor)s, 0, 0 FROM generate_series(0, %(stripes)s - 1) AS stripe
"""


def open_account(code: str, *, program: Program, asset_code: str, at: datetime) -> Account:
    """Return the account of this code and asset, opened if it was not there; of many who ask at once, one opens it.

    A wallet is opened with what its owner may come to owe.

    :raises BadAccountCode: if the chart knows no such code.
    :raises UnknownAsset: if there is no such asset.
    :raises NotForThisAsset: if the account is kept in points only, and the asset is none.
    """
    role = chart.role_of(code)
    if role is None:
        raise BadAccountCode(account=code[:120])
    # Found by one statement and outside of a savepoint: everything that moves money asks for an account or two.
    known = Account.objects.filter(program=program, asset__code=asset_code, code=code).first()
    return known or _open(code, role, program=program, asset_code=asset_code, at=at)


@transaction.atomic
def _open(code: str, role: chart.AccountRole, *, program: Program, asset_code: str, at: datetime) -> Account:
    asset = Asset.objects.filter(code=asset_code).first()
    if asset is None:
        raise UnknownAsset(asset=asset_code[:40])
    if role.name == "TREASURY" and asset.kind != AssetKind.POINTS:
        raise NotForThisAsset(account=code, asset=asset.code)
    owed = (
        open_account(f"{code}:owed", program=program, asset_code=asset_code, at=at) if role.name == "WALLET" else None
    )
    wanted = Account(
        program=program,
        asset=asset,
        code=code,
        role=role.name,
        account_class=role.account_class,
        owed=owed,
        opened_at=at,
    )
    Account.objects.bulk_create([wanted], ignore_conflicts=True)

    account = Account.objects.locked().get(program=program, asset=asset, code=code)
    if account.balances.exists():  # somebody else was first
        return account
    with connection.cursor() as cursor:
        stripes, floor = chart.STRIPES if role.is_striped else 1, Decimal(0) if role.has_floor else None
        cursor.execute(_BALANCES, {"account": account.pk, "stripes": stripes, "floor": floor})
    record(
        "ledger.account.opened",
        subject=account,
        at=at,
        program_id=program.pk,
        payload={"code": code, "asset": asset.code},
    )
    return account
