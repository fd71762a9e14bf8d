"""A rail of the kind `signed`, as its sender speaks it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from identity.models import Program
from wallets.models import PaymentRecord, RailAccount, Wallet
from wallets.operations import activate_rail_account, draft_rail_account
from wallets.queries.rail_accounts import hook_path
from wallets.rails.signed import signature

SECRET = "a secret that nobody guesses"


def bank(
    program: Program, *, name: str = "bank", number: str = "ACME-1", is_active: bool = True,
    assets: Sequence[str] = ("KES",),
) -> RailAccount:  # fmt: skip
    """Return a rail account that is listened to."""
    now = timezone.now()
    account = draft_rail_account(
        program=program, rail="signed", name=name, number=number, assets=list(assets), secrets={"secret": SECRET},
        at=now,
    )  # fmt: skip
    if is_active:
        activate_rail_account(account.pk, program_id=program.pk, version=1, at=now)
        account.refresh_from_db()
    return account


def notice(kind: str, *, key: str | None = None, at: datetime | None = None, **data: Any) -> bytes:
    told = {"id": key or uuid4().hex, "type": kind, "occurred_at": (at or timezone.now()).isoformat(), "data": data}
    return json.dumps(told).encode()


def deposit(wallet: Wallet | str, amount: str = "100", *, key: str | None = None, **more: Any) -> bytes:
    data = {
        "asset": "KES",
        "amount": amount,
        "receipt": f"R-{uuid4().hex[:8]}",
        "wallet": str(getattr(wallet, "pk", wallet)),
    }
    return notice("deposit.confirmed", key=key, **{**data, **more})  # fmt: skip


def confirmation(payment: PaymentRecord, amount: str, *, key: str | None = None, **more: Any) -> bytes:
    data = {"asset": "KES", "amount": amount, "receipt": f"R-{uuid4().hex[:8]}", "payment": str(payment.pk)}
    return notice("payment.confirmed", key=key, **{**data, **more})


def send(
    account: RailAccount, body: bytes, *, secret: str = SECRET, signed_at: datetime | None = None,
    more: dict[str, str] | None = None,
) -> Any:  # fmt: skip
    """Send a notice as its sender does."""
    headers = {"X-Signature": signature(secret, body, at=signed_at or timezone.now()), **(more or {})}
    return Client().post(hook_path(account), data=body, content_type="application/json", headers=headers)


def long_ago() -> datetime:
    return timezone.now() - timedelta(minutes=6)
