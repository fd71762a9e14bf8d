"""Links from the screens of rooms below to those of affiliates."""

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from affiliates.admin.screens import listed, page_of
from affiliates.models import Affiliate, Member, Purse, Settlement
from audit.access import may
from audit.admin import tie
from identity.models import Party, Proposal
from ledger.models import Account, Transaction
from wallets.models import RailEvent


def register_ties() -> None:
    """Have them shown."""
    tie(Party, _of_party)
    tie(Proposal, _of_proposal)
    tie(Account, _of_account)
    tie(Transaction, _of_transaction)
    tie(RailEvent, _of_event)


def _of_party(request: HttpRequest, row: Party) -> list[tuple[str, str]]:
    asked = (("As an affiliate", Affiliate, "affiliate.read"), ("As a member", Member, "member.read"))
    found = []
    for words, model, permission in asked:
        tied = model.objects.filter(party=row).first() if may(request, permission) else None
        if tied is not None:
            found.append((words, page_of(tied)))
    return found


def _of_proposal(request: HttpRequest, row: Proposal) -> list[tuple[str, str]]:
    screens = {"affiliates.affiliate": "The affiliate", "affiliates.tier": "The tier"}
    if row.subject_type not in screens or not may(request, "affiliate.read"):
        return []
    name = row.subject_type.replace(".", "_")
    return [(screens[row.subject_type], reverse(f"admin:{name}_change", args=[row.subject_id]))]


def _of_account(request: HttpRequest, row: Account) -> list[tuple[str, str]]:
    if not may(request, "affiliate.read"):
        return []
    purses = Purse.objects.filter(Q(liability=row) | Q(reserved=row)).select_related("affiliate")
    return [("The affiliate", page_of(one.affiliate)) for one in purses[:1]]


def _of_transaction(request: HttpRequest, row: Transaction) -> list[tuple[str, str]]:
    found = []
    settled = Settlement.objects.filter(ledger_transaction=row).first() if may(request, "settlement.read") else None
    if settled is not None:
        found.append(("The settlement", page_of(settled)))
    if may(request, "commission.read") and row.kind.startswith(("COMMISSION", "CLAWBACK")):
        found.append(("Its commissions", listed("commission", ledger_transaction__id__exact=row.pk)))
    return found


def _of_event(request: HttpRequest, row: RailEvent) -> list[tuple[str, str]]:
    if not may(request, "settlement.read"):
        return []
    return [("What it settled", page_of(one)) for one in Settlement.objects.filter(rail_event=row.pk)[:1]]
