"""Payouts: to whom how much goes where, what became of it, and what can be done where it did not arrive."""

from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.screens import Cell, Page, Table, day, labels, may_read, page_of
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from ledger.admin.shown import grouped
from payouts import operations
from payouts.admin.forms import ResolveForm
from payouts.admin.screens import PAYEES, PayoutsScreen, payee_of, withheld_as
from payouts.models import Attempt, Payout
from payouts.proposable.outcomes import propose_outcome
from payouts.states import PAYOUT_TRANSITIONS, AttemptState, BatchState, PayoutState
from wallets.admin.acts import Act
from wallets.admin.screens import person_of

_ACTS = (
    Act(
        name="retry", title="Send it again", button="Try again", permission="payout.manage",
        text="Under a reference of its own, while its approval is good. The rail has said that nothing was sent.",
        states=frozenset({PayoutState.FAILED}),
    ),
    Act(
        name="release", title="Give it up", button="Release", permission="payout.manage",
        text="What it was for is due again, and the next batch pays it.", states=frozenset({PayoutState.FAILED}),
    ),
    Act(
        name="free", title="Let it go on", button="Let it go on", permission="payout.manage",
        text="Its payee is once more who others agreed to pay.", states=frozenset({PayoutState.HELD}),
    ),
    Act(
        name="exclude", title="Leave it out", button="Leave out", permission="payout.manage",
        text="What it would have paid is due again.", states=frozenset({PayoutState.READY, PayoutState.HELD}),
    ),
)  # fmt: skip
_DONE = {
    "retry": "It is tried again.", "release": "Released: it is due again.", "free": "It goes on.",
    "exclude": "Left out: it is due again.",
}  # fmt: skip


@admin.register(Payout)
class PayoutAdmin(PayoutsScreen):
    """What somebody gets of a batch."""

    acts = _ACTS

    list_display = (
        column("payee", "Payee", payee_of),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        "shown_state",
        column("reason", "Why", lambda row: row.reason),
        column("to", "To", lambda row: row.masked),
        column("account", "From", lambda row: row.rail_account.name if row.rail_account else ""),
        column("batch", "Batch", lambda row: f"B{row.batch.number}"),
        "program",
        instant("settled_at", "Paid"),
    )
    list_filter = ("state", "destination_kind")
    list_select_related = (
        "program", "asset", "batch", "rail_account", *PAYEES,
    )  # fmt: skip
    search_fields = (
        "receipt__exact", "attempts__reference__exact", "attempts__rail_reference__exact", "destination__exact",
        "affiliate__code__exact",
    )  # fmt: skip
    search_help_text = "A receipt, our reference or the rail's, where it goes, an affiliate's code, or a whole id"
    id_fields = ("pk", "affiliate", "outgoing", "withdrawal", "batch")
    linked_lookups = ("batch__id__exact", "affiliate__id__exact", "rail_account__id__exact")
    date_hierarchy = "created_at"
    fields = (
        column("payee", "Payee", payee_of),
        column("gross", "Due", lambda row: grouped(row.gross, row.asset, named=True)),
        column("amount", "Amount", lambda row: grouped(row.amount, row.asset, named=True)),
        column("withheld", "Withheld, as tax", withheld_as),
        column(
            "carried", "Stays due", lambda row: grouped(row.carried, row.asset, named=True) if row.carried else None
        ),
        column("state", "State", lambda row: row.get_state_display()),
        column("reason", "Why", lambda row: row.reason or None),
        column("kind", "Paid by", lambda row: row.destination_kind or None),
        column("to", "To", lambda row: row.destination or None),
        column("holder", "Whose account", lambda row: row.holder or None),
        column("account", "From", lambda row: row.rail_account.name if row.rail_account else None),
        column("fee", "Fee, about", lambda row: grouped(row.fee, row.asset, named=True) if row.fee else None),
        whole_id("receipt", "Receipt"),
        "program",
        instant("created_at", "Put in"),
        instant("clears_at", "Can be paid from"),
        instant("retry_at", "To be tried again since"),
        instant("settled_at", "Settled"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(PAYOUT_TRANSITIONS), ordering="state")
    def shown_state(self, row: Payout) -> tuple[str, str]:
        return row.state, PayoutState(row.state).label

    def get_urls(self) -> list[URLPattern]:
        return [self.address("<uuid:pk>/resolve/", self.resolve_view, "resolve"), *super().get_urls()]

    def fits(self, act: str, row: Payout) -> bool:
        is_draft, is_waiting = row.batch.state == BatchState.DRAFT, row.batch.state in ("PENDING_APPROVAL", "APPROVED")
        return not is_waiting and (act != "exclude" or is_draft or not row.attempts.exists())

    def do(self, act: str, request: HttpRequest, row: Payout, reason: str) -> str:
        operation = getattr(operations, f"{act}_payout")
        more = {"by": person_of(request)} if act == "exclude" else {}
        operation(row.pk, program_id=row.program_id, reason=reason, at=timezone.now(), **more)
        return _DONE[act]

    def ties(self, request: HttpRequest, row: Payout) -> list[tuple[str, str]]:
        tied = [("Its batch", page_of(row.batch))]
        if row.affiliate is not None and may_read(request, "affiliate.read"):
            tied.append(("Its affiliate", page_of(row.affiliate)))
        if row.withdrawal is not None and may_read(request, "wallet.read"):
            tied.append(("Its withdrawal", page_of(row.withdrawal)))
        if row.rail_account is not None and may_read(request, "rail.read"):
            tied.append(("Where it is sent from", page_of(row.rail_account)))
        if may_read(request, "ledger.read"):
            tied.append(("In the books", f"{reverse('admin:ledger_transaction_changelist')}?q={row.key}:1"))
        return tied

    def page(self, request: HttpRequest, row: Payout) -> Page:
        buttons = []
        if row.state == PayoutState.UNKNOWN:
            buttons += self.way(request, row, "resolve", "Say what came of it", "payout.resolve")
        rows = [_rows(row)] if may_read(request, "commission.read") and row.affiliate_id else []
        warnings = [
            f"{attempt.reference}: {attempt.get_trouble_display().lower()}."
            for attempt in row.attempts.exclude(trouble="")
        ]
        return Page(warnings=warnings, buttons=buttons, tables=[_attempts(row), *rows])

    def resolve_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Propose what came of a payout of which nobody knows."""
        row = self.asked_for(request, pk, "payout.resolve")
        form = ResolveForm(request.POST if request.method == "POST" else None)
        attempt = Attempt.objects.filter(payout=row, state=AttemptState.UNKNOWN).order_by("part_id").first()
        if attempt is None:
            self.message_user(request, "What came of it is known.", messages.INFO)
            return redirect(page_of(row))
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                proposal = propose_outcome(
                    attempt.pk, program=row.program, outcome=said["outcome"], receipt=said["receipt"],
                    evidence=said["reason"], by=person_of(request), at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "Proposed: another person decides. Nothing has moved yet.", messages.INFO)
                return redirect("admin:identity_proposal_change", proposal.pk)
        return self.dialog(
            request, row, form, title="Say what came of it", button="Propose", back=page_of(row),
            about="Look at the rail's own statement first. Say what shows it: a second person has to agree.",
            facts=[
                ("Payee", payee_of(row)), ("Amount", grouped(attempt.amount, row.asset, named=True)),
                ("Our reference", attempt.reference), ("The rail's", attempt.rail_reference or "none"),
                ("What was said last", attempt.reason or "nothing"),
            ],
        )  # fmt: skip


def _attempts(row: Payout) -> Table:
    return Table(
        "What was tried", ("When", "Reference", "The rail's", "State", "What it said", "Receipt", "#Amount"),
        [
            (
                day(one.stored_at), one.reference, one.rail_reference, one.get_state_display(), one.reason,
                one.receipt, grouped(one.amount, row.asset, named=True),
            )
            for one in row.attempts.order_by("pk")[:100]
        ],
        empty="Nothing yet.",
    )  # fmt: skip


def _rows(row: Payout) -> Table:
    lines = row.lines.select_related("commission").order_by("pk")
    return Table(
        "What it pays", ("Accrued", "What", "State", "#Amount"),
        [
            (
                day(line.commission.accrued_at), Cell(line.commission.get_type_display(), page_of(line.commission)),
                line.commission.get_state_display(), grouped(line.commission.amount, row.asset, named=True),
            )
            for line in lines[:100]
        ],
        empty="Nothing.",
    )  # fmt: skip
