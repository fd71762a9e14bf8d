"""A demo batch of payouts: collected by Mia, waiting for others, with things to look at twice and people left out."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from affiliates.models import Affiliate, Member, PayoutMethod
from affiliates.operations import mature_commissions, register_affiliate, register_member
from affiliates.rules import digest_of
from affiliates.states import MethodKind, MethodState
from config.operators.demo_affiliates import let_pay
from identity.models import Party, Program, User
from payouts.models import PayoutBatch
from payouts.operations import collect_due, create_batch, submit_batch
from wallets.models import RailAccount
from wallets.operations import confirm_payment, record_direct_payment, refund

ASSET: Final = "KES"
KEY: Final = "demo:week"
_SHARED: Final = "254711000003"
# name, code, what their members paid, and the phone they are paid on: one is two people's, one has none yet
_AFFILIATES: Final = (
    ("Dina Daladala", "dina", ("48000", "21500.50"), "254711000001"),
    ("Juma Jua Kali", "juma", ("9300",), "254711000002"),
    ("Kesi Kiosk", "kesi", ("15750", "8200"), _SHARED),
    ("Lela Lorry", "lela", ("7400",), _SHARED),
    ("Musa Matatu", "musa", ("12600",), ""),
    ("Neema Nyama", "neema", ("60",), "254711000005"),
)


def make_payouts(program: Program, *, maker: User, at: datetime) -> None:
    """Make it, unless it is there."""
    if PayoutBatch.objects.filter(program=program, key=KEY).exists():
        return
    shop = RailAccount.objects.get(program=program, name="shop")
    began = at - timedelta(days=80)
    for number, (name, code, paid, phone) in enumerate(_AFFILIATES):
        affiliate = register_affiliate(program=program, name=name, code=code, is_active=True, joined_at=began, at=at)
        if phone:
            _pay_on(affiliate, phone, at=began)
        member = _member_of(affiliate, number, at=at)
        for place, amount in enumerate(paid):
            days = 60 - 3 * number - place
            let_pay(shop, member, f"{code}-{place}", amount, asset=ASSET, paid_at=at - timedelta(days=days), at=at)
    mature_commissions(at=at)
    _owe_a_refund(program, at=at)
    batch = create_batch(program=program, asset_code=ASSET, key=KEY, note="Phones, this week", by=maker, at=at)
    collect_due(batch.pk, program_id=program.pk, by=maker, at=at)
    submit_batch(batch.pk, program_id=program.pk, reason="Everybody whose sales have matured.", by=maker, at=at)


def _pay_on(affiliate: Affiliate, phone: str, *, at: datetime) -> None:
    """Let somebody be paid on a phone since long ago: one that is added cools for two days, and a demo can't wait."""
    PayoutMethod.objects.create(
        program_id=affiliate.program_id, affiliate=affiliate, kind=MethodKind.MPESA, destination=phone,
        destination_digest=digest_of(MethodKind.MPESA, phone), holder=str(affiliate.party), state=MethodState.USABLE,
        added_at=at, added_by="command:seed", verified_at=at, verified_by="command:seed",
        usable_at=at + timedelta(days=2),
    )  # fmt: skip


def _member_of(affiliate: Affiliate, number: int, *, at: datetime) -> Member:
    return register_member(
        program=affiliate.program, name=f"Regular {number + 1}", wallet_address=f"0x{0xDF00 + number:040x}",
        code=affiliate.code, at=at,
    )  # fmt: skip


def _owe_a_refund(program: Program, *, at: datetime) -> None:
    """Let somebody get money back on a phone of which nobody has said the number yet."""
    payer = Party.objects.filter(program=program, user__email="bob@demo.example").get()
    payment = record_direct_payment(
        payer.pk, program_id=program.pk, amount=Decimal(1_800), rail="phones", asset_code=ASSET, key="demo:direct",
        description="Order 1077", at=at,
    )  # fmt: skip
    confirm_payment(payment.pk, program_id=program.pk, receipt="DEMO1077", at=at)
    refund(
        payment.pk, program_id=program.pk, amount=Decimal(650), rail="phones", key="demo:refund",
        reason="One of three was sold out.", at=at,
    )  # fmt: skip
