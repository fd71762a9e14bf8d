"""Wallet transactions: what changed what a wallet holds, and where that stands in the books."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from audit.admin import LABELS, as_json, column, instant, whole_id
from ledger.admin.shown import grouped
from wallets.admin.screens import WalletsScreen, signed
from wallets.models import WalletTransaction
from wallets.states import TRANSACTION_TRANSITIONS, TransactionStatus

STATUS_LABELS = {state: LABELS[colour] for state, colour in TRANSACTION_TRANSITIONS.colours.items()}


def _change(line: WalletTransaction) -> str:
    return signed(line.amount, is_credit=line.is_credit, asset=line.wallet.asset, named=True)


@admin.register(WalletTransaction)
class WalletTransactionAdmin(WalletsScreen):
    """The lines of all wallets; they are final."""

    asset_path = "wallet__asset"

    list_display = (
        column("type", "What", lambda line: line.get_type_display(), ordering="type"),
        column("wallet", "Whose wallet", lambda line: str(line.wallet.party)),
        column("change", "Change", _change),
        column("balance", "Balance", lambda line: grouped(line.balance_after, line.wallet.asset)),
        "shown_status",
        instant("completed_at", "Completed"),
    )
    list_filter = ("type", "status")
    list_select_related = ("wallet__party", "wallet__asset")
    search_fields = ("payment__key__exact", "payment__receipt__exact")
    search_help_text = (
        "A payment's key or receipt, or the whole id of a line, a wallet, a payment or a transaction of the books"
    )
    id_fields = ("pk", "wallet", "payment", "ledger_transaction")
    linked_lookups = ("wallet__id__exact", "ledger_transaction__id__exact")
    date_hierarchy = "created_at"
    fields = (
        column("type", "What", lambda line: line.get_type_display()),
        column("wallet", "Whose wallet", lambda line: f"{line.wallet.party}, {line.wallet.asset.name}"),
        column("change", "Change", _change),
        column("before", "Balance before", lambda line: grouped(line.balance_before, line.wallet.asset)),
        column("after", "Balance after", lambda line: grouped(line.balance_after, line.wallet.asset)),
        column("owed_change", "Change of what is owed", lambda line: grouped(line.owed_change, line.wallet.asset)),
        column("number", "Number in the wallet", lambda line: line.number),
        column("status", "Status", lambda line: line.get_status_display()),
        "description",
        instant("created_at", "Created"),
        instant("completed_at", "Completed"),
        as_json("metadata", "Metadata"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="Status", label=STATUS_LABELS, ordering="status")
    def shown_status(self, line: WalletTransaction) -> tuple[str, str]:
        return line.status, TransactionStatus(line.status).label

    def ties(self, request: HttpRequest, row: WalletTransaction) -> list[tuple[str, str]]:
        tied = (
            ("Its wallet", "wallets_wallet", row.wallet_id), ("Its payment", "wallets_paymentrecord", row.payment_id),
            ("In the books", "ledger_transaction", row.ledger_transaction_id),
        )  # fmt: skip
        return [(words, reverse(f"admin:{screen}_change", args=[pk])) for words, screen, pk in tied if pk]
