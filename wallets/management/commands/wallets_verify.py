"""Compute what wallets say again from the books. Exit 0: they agree; 1: something does not; 2: could not look."""

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from identity.models import Program
from wallets.models import Wallet
from wallets.queries.integrity import Difference, Scope, verify_wallet_integrity

MOST_SHOWN = 20


class Command(BaseCommand):
    """What an accountant runs, and the nightly reconciliation with it. It may run while others book."""

    help = "Compute every wallet's lines and links again from the books, and name what does not agree."
    requires_system_checks: list[str] = []  # it must speak when little else works

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--program", metavar="SLUG", help="only this program's wallets")
        parser.add_argument("--wallet", metavar="ID", help="only this wallet")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        shown: list[Difference] = []
        count = 0
        try:
            scope = _scope(options["program"], options["wallet"])
            for difference in verify_wallet_integrity(scope):
                count += 1
                if len(shown) < MOST_SHOWN:
                    shown.append(difference)
        except DatabaseError as fault:
            raise CommandError(f"Could not verify: {str(fault).strip()}", returncode=2) from fault

        seconds = time.monotonic() - began
        if options["json"]:
            answer = {"agree": not count, "wallets": scope.wallets, "transactions": scope.transactions,
                      "payments": scope.payments, "withdrawals": scope.withdrawals,
                      "seconds": round(seconds, 3), "differences": count,
                      "found": [asdict(each) for each in shown]}  # fmt: skip
            self.stdout.write(json.dumps(answer, default=str))
        else:
            for difference in shown:
                self.stdout.write(f"{self.style.ERROR(difference.where)}: {difference.says} ({difference.what})")
            looked = (
                f"{scope.wallets:,} wallets, {scope.transactions:,} transactions, {scope.payments:,} payments, "
                f"{scope.withdrawals:,} withdrawals, {seconds:.1f} s"
            )
            if count:
                self.stdout.write(self.style.ERROR(f"The wallets do not agree: {count:,} found. {looked}."))
            else:
                self.stdout.write(self.style.SUCCESS(f"The wallets agree. {looked}."))
        if count:
            raise SystemExit(1)


def _scope(slug: str | None, wallet: str | None) -> Scope:
    program = Program.objects.filter(slug=slug).first() if slug else None
    if slug and program is None:
        raise CommandError(f"There is no program {slug}.", returncode=2)
    if wallet is None:
        return Scope(program_id=program.pk if program else None)
    try:
        wallet_id = UUID(wallet)
    except ValueError:
        raise CommandError("A wallet is named by its id.", returncode=2) from None
    known = Wallet.objects.filter(pk=wallet_id).first()
    if known is None or (program and known.program_id != program.pk):
        raise CommandError(f"There is no wallet {wallet}.", returncode=2)
    return Scope(program_id=known.program_id, wallet_id=wallet_id)
