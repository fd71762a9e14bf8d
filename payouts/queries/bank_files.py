"""What of a batch goes to banks in files, and the files there are."""

from collections.abc import Sequence

from payouts.errors import NoFile
from payouts.models import BankFile, PayoutBatch
from payouts.queries.accounts import accounts_by_id, payer_of
from wallets.models import RailAccount
from wallets.rails import rails


def rails_by_file() -> list[str]:
    """Return the kinds of rails whose instructions people carry."""
    return [rail.name for rail in rails() if rail.payer is not None and rail.payer.by_file]


def file_accounts(batch: PayoutBatch) -> list[RailAccount]:
    """Return the accounts from which a batch pays by file."""
    used = batch.payouts.filter(rail_account__rail__in=rails_by_file()).order_by()
    accounts = accounts_by_id(set(used.values_list("rail_account", flat=True))).values()
    return sorted((account for account in accounts if payer_of(account).by_file), key=lambda account: account.name)


def file_account(batch: PayoutBatch, *, named: str = "") -> RailAccount:
    """Return the account from which a batch pays by file; where there are several, the one that is named.

    :raises NoFile: if there is none, or there are several and none is named.
    """
    accounts = [account for account in file_accounts(batch) if named in ("", account.name)]
    if not accounts:
        raise NoFile(reason=f"nothing of it is paid by file from {named[:40]}" if named else "it pays nothing by file")
    if len(accounts) > 1:
        names = ", ".join(account.name for account in accounts)
        raise NoFile(reason=f"name the account that it is for: {names}")
    return accounts[0]


def bank_file(batch: PayoutBatch, *, number: int | None = None) -> BankFile:
    """Return a file of a batch by its number, or the last one.

    :raises NoFile: if there is none.
    """
    files = BankFile.objects.filter(batch=batch)
    found = files.filter(number=number).first() if number is not None else files.order_by("-number").first()
    if found is None:
        raise NoFile(reason="it has none of that number" if number is not None else "write it first")
    return found


def bank_files(batch: PayoutBatch) -> Sequence[BankFile]:
    """Return the files of a batch, with what was said came of them, but not what stands in them."""
    return list(
        BankFile.objects.filter(batch=batch)
        .defer("content")
        .select_related("rail_account", "written_by")
        .prefetch_related("results__read_by")
        .order_by("number")
    )
