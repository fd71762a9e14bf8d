"""Demo affiliates: two levels, members they brought, what these paid over two months, and a refund."""

import json
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from affiliates.models import Affiliate, Member, Settlement
from affiliates.operations import (
    add_method,
    confirm_settlements,
    hold_commissions,
    mature_commissions,
    note_click,
    open_tier,
    register_affiliate,
    register_member,
    verify_method,
)
from affiliates.operations.confirm_settlements import Proof
from affiliates.states import MethodKind
from config.operators.demo_rails import SECRET
from identity.models import Program, User
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, apply_event, draft_rail_account, receive_event
from wallets.rails.signed import HEADER, SIGNED, signature

SHOP: Final = "shop"
CODE: Final = "alma"
# member, days ago, amount in the program's currency
PAID: Final = (
    (0, 62, "120.00"), (1, 55, "80.50"), (2, 47, "349.90"), (0, 41, "60.00"), (3, 33, "1200.00"), (1, 26, "45.25"),
    (2, 19, "89.99"), (3, 12, "640.00"), (0, 9, "75.00"), (2, 4, "230.00"), (1, 1, "99.95"),
)  # fmt: skip
REFUNDED: Final = (4, "300.00")  # which of these, and how much of it


def make_affiliates(program: Program, alma: User, *, at: datetime) -> None:
    """Make them, unless they are there."""
    if Affiliate.objects.filter(code=CODE).exists():
        return
    began = at - timedelta(days=70)
    gold = open_tier(program=program, name="Gold", at=began)
    top = register_affiliate(
        program=program, name=alma.name, user=alma, code=CODE, tier_id=gold.pk, is_active=True, joined_at=began, at=at
    )
    below = register_affiliate(
        program=program, name="Ben Barista", code="ben", parent_id=top.pk, is_active=True, joined_at=began,
        external_reference="crm-2001", at=at,
    )  # fmt: skip
    register_affiliate(
        program=program, name="Nia New", code="nia", parent_id=below.pk, is_active=False, external_reference="crm-2002",
        at=at,
    )  # fmt: skip
    members = [
        register_member(
            program=program, name=name, wallet_address=f"0x{0xDE00 + number:040x}", code=bringer.code, at=at
        )
        for number, (name, bringer) in enumerate(
            (("Dora Daily", top), ("Emil Early", below), ("Fay Frequent", below), ("Gus Gourmet", top))
        )
    ]
    for number in range(40):
        note_click((top, below)[number % 2], visitor=f"demo-{number}", at=at - timedelta(days=number))
    _add_methods(top, program, at=at)
    _let_them_pay(_shop(program, at=at), members, at=at)
    mature_commissions(at=at)
    odd = below.commissions.order_by("-accrued_at").values_list("pk", flat=True)[:1]
    hold_commissions(list(odd), program_id=program.pk, reason="Paid twice from one address: asked the shop.", at=at)


def _add_methods(affiliate: Affiliate, program: Program, *, at: datetime) -> None:
    phone = add_method(affiliate.pk, program_id=program.pk, kind=MethodKind.MPESA, destination="254712000001", at=at)
    verify_method(phone.pk, program_id=program.pk, evidence="Called back.", at=at)
    add_method(
        affiliate.pk, program_id=program.pk, kind=MethodKind.BANK, destination="DEUTDEFF:0532013000",
        holder=str(affiliate.party), at=at,
    )  # fmt: skip


def _shop(program: Program, *, at: datetime) -> RailAccount:
    account = draft_rail_account(
        program=program, rail=SIGNED.name, name=SHOP, number="ACME-SHOP-1", assets=[program.default_asset_code, "KES"],
        secrets={"secret": SECRET}, at=at,
    )  # fmt: skip
    activate_rail_account(account.pk, program_id=program.pk, version=account.version, at=at)
    return account


def _let_them_pay(shop: RailAccount, members: list[Member], *, at: datetime) -> None:
    """Let the shop tell of each payment as it does; what it proves is settled at the time it was paid."""
    for number, (who, days, amount) in enumerate(PAID):
        when = at - timedelta(days=days)
        let_pay(shop, members[who], f"order-{number}", amount, asset=shop.assets[0], paid_at=when, at=at)
    number, amount = REFUNDED
    data = {"amount": amount, "reason": "Sent back"}
    _tell(shop, "settlement.reversed", f"order-{number}", data, paid_at=at, at=at)


def let_pay(
    shop: RailAccount, member: Member, order: str, amount: str, *, asset: str, paid_at: datetime, at: datetime
) -> None:
    """Let the shop tell of a payment as it does; what it proves is settled at the time it was paid."""
    data = {"member": member.wallet_address, "amount": amount, "asset": asset}
    event_id = _tell(shop, "settlement.confirmed", order, data, paid_at=paid_at, at=at)
    settlement = Settlement.objects.get(program=shop.program_id, source_event=order)
    proof = Proof(
        settlement_id=settlement.pk, program_id=shop.program_id, occurred_at=paid_at, rail=shop.name,
        rail_event=event_id,
    )  # fmt: skip
    confirm_settlements([proof], at=paid_at)


def _tell(shop: RailAccount, kind: str, order: str, data: dict[str, str], *, paid_at: datetime, at: datetime) -> UUID:
    told = {
        "id": f"{kind}-{order}", "type": kind, "occurred_at": paid_at.isoformat(), "data": {"reference": order, **data}
    }  # fmt: skip
    body = json.dumps(told, indent=2).encode()
    headers = {"Content-Type": "application/json", HEADER.title(): signature(SECRET, body, at=at)}
    event = receive_event(shop, body=body, headers=headers, address="127.0.0.1", at=at)
    apply_event(event.pk, at=at)
    return event.pk
