"""Demo wallets: two customers with points and money, through the same operations as everything else."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from config.operators.demo_rails import make_rail
from identity.models import Program, User
from identity.operations import open_party
from identity.states import PartyKind
from ledger.operations import open_account
from wallets.operations import open_wallet, pay_from_wallet, request_withdrawal, top_up, transfer

RAIL: Final = "mpesa"
# asset, the rail that received it (points come from the treasury), what each begins with
OPENING: Final = (
    ("GOLD", "", (Decimal(1_000), Decimal(500))),
    ("DIAMOND", "", (Decimal(50), Decimal(25))),
    ("LOYALTY", "", (Decimal(250), Decimal(100))),
    ("KES", RAIL, (Decimal(15_000), Decimal(7_500))),
)


def make_wallets(program: Program, owners: tuple[User, User], *, at: datetime) -> None:
    """Open the wallets of both, fill them, and let one pay the other; done before, it changes nothing."""
    for part in ("clearing", "float"):
        open_account(f"rail:{RAIL}:{part}", program=program, asset_code="KES", at=at)
    parties = [open_party(program=program, kind=PartyKind.PERSON, name=user.name, user=user, at=at) for user in owners]
    for asset, rail, amounts in OPENING:
        wallets = [open_wallet(party.pk, program_id=program.pk, asset_code=asset, at=at) for party in parties]
        for user, wallet, amount in zip(owners, wallets, amounts, strict=True):
            name = user.email.partition("@")[0]
            top_up(
                wallet.pk, program_id=program.pk, amount=amount, rail=rail, key=f"demo:opening:{name}:{asset}",
                description="Opening balance", at=at,
            )  # fmt: skip
        one, other = wallets
        fifth = amounts[0] / 5
        transfer(
            one.pk, program_id=program.pk, to=other.pk, amount=fifth, key=f"demo:transfer:{asset}",
            description="For lunch", at=at,
        )  # fmt: skip
        if rail:
            make_rail(program, one, at=at)
            # It waits for somebody to approve it; that takes a person.
            request_withdrawal(
                one.pk, program_id=program.pk, amount=Decimal(1_200), kind="MPESA", destination="254712345678",
                key="demo:withdrawal", at=at,
            )  # fmt: skip
        pay_from_wallet(
            other.pk, program_id=program.pk, amount=fifth / 2, key=f"demo:payment:{asset}", description="Order 1042",
            at=at,
        )  # fmt: skip
