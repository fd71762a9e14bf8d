"""Links from the screens of rooms below to those of wallets."""

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from audit.access import may
from audit.admin import tie
from identity.models import Party, Proposal
from ledger.models import Account, Hold, Transaction
from wallets.models import Wallet, Withdrawal


def register_ties() -> None:
    """Have them shown."""
    tie(Account, lambda request, row: _wallets(request, Q(account=row) | Q(reserved=row) | Q(owed=row)))
    tie(Hold, lambda request, row: [*_wallets(request, Q(account=row.wallet_id)), *_withdrawals(request, row)])
    tie(Party, _of_party)
    tie(Proposal, _of_proposal)
    tie(Transaction, _of_transaction)


def _wallets(request: HttpRequest, named: Q) -> list[tuple[str, str]]:
    if not may(request, "wallet.read"):
        return []
    found = Wallet.objects.filter(named).values_list("pk", flat=True)[:1]
    return [("The wallet", reverse("admin:wallets_wallet_change", args=[pk])) for pk in found]


def _withdrawals(request: HttpRequest, row: Hold) -> list[tuple[str, str]]:
    if not may(request, "wallet.read"):
        return []
    found = Withdrawal.objects.filter(hold=row).values_list("pk", flat=True)[:1]
    return [("The withdrawal", reverse("admin:wallets_withdrawal_change", args=[pk])) for pk in found]


def _of_party(request: HttpRequest, row: Party) -> list[tuple[str, str]]:
    if not may(request, "wallet.read") or not row.wallets.exists():
        return []
    return [("Its wallets", f"{reverse('admin:wallets_wallet_changelist')}?party__id__exact={row.pk}")]


def _of_proposal(request: HttpRequest, row: Proposal) -> list[tuple[str, str]]:
    screens = {"wallets.wallet": "The wallet", "wallets.paymentrecord": "The payment"}
    if row.subject_type not in screens or not may(request, "wallet.read"):
        return []
    name = row.subject_type.replace(".", "_")
    return [(screens[row.subject_type], reverse(f"admin:{name}_change", args=[row.subject_id]))]


def _of_transaction(request: HttpRequest, row: Transaction) -> list[tuple[str, str]]:
    if not row.wallet_transactions.exists():
        return []
    lines = reverse("admin:wallets_wallettransaction_changelist")
    return [("In the wallets", f"{lines}?ledger_transaction__id__exact={row.pk}")]
