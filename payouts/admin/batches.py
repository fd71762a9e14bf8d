"""Batches: what is due is collected, put before others, sent, and watched."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from unfold.decorators import display

from affiliates.admin.screens import Page, labels, page_of
from audit.access import may
from audit.admin import column, instant, whole_id
from audit.errors import DomainError
from identity.doors import require_second_factor
from identity.models import Program
from ledger.admin.shown import grouped
from payouts import operations
from payouts.admin import tables
from payouts.admin.bank_files import bank_file_answer, file_buttons, files_table, result_page, write_page
from payouts.admin.desks import desks_page, stop_page
from payouts.admin.forms import AddForm, BatchForm, SubmitForm
from payouts.admin.many import many_view, tick_as_seen
from payouts.admin.screens import PayoutsScreen
from payouts.models import PayoutBatch
from payouts.queries.batches import counts_of
from payouts.queries.proofs import proof_of
from payouts.states import BATCH_TRANSITIONS, BatchState
from wallets.admin.acts import Act
from wallets.admin.screens import person_of

_ACTS = (
    Act(
        name="recall", title="Take it back", button="Recall", permission="payout.prepare",
        text="It is a draft again, and its votes count no more.",
        states=frozenset({BatchState.PENDING_APPROVAL, BatchState.APPROVED}),
    ),
    Act(
        name="cancel", title="Throw it away", button="Cancel the batch", permission="payout.prepare",
        text="What it would have paid is due again.", states=frozenset({BatchState.DRAFT}),
    ),
)  # fmt: skip


@admin.register(PayoutBatch)
class PayoutBatchAdmin(PayoutsScreen):
    """What is paid together, and how far it is."""

    change_list_template = "admin/payouts/batch_list.html"
    change_form_template = "admin/payouts/batch.html"
    acts = _ACTS

    list_display = (
        column("number", "Batch", lambda row: f"B{row.number}", ordering="number"),
        column("note", "Note", lambda row: row.note),
        "shown_state",
        column("count", "Payouts", lambda row: row.count or ""),
        column("total", "Total", lambda row: grouped(row.total, row.asset, named=True) if row.count else ""),
        instant("submitted_at", "Submitted"),
        "program",
    )
    list_filter = ("state",)
    list_select_related = ("program", "asset")
    search_fields = ("note__icontains", "digest__exact", "key__exact")
    search_help_text = "A note, a digest, a key, or a whole id"
    id_fields = ("pk", "proposal")
    date_hierarchy = "created_at"
    fields = (
        column("number", "Batch", lambda row: f"B{row.number}"),
        column("note", "Note", lambda row: row.note or None),
        column("state", "State", lambda row: row.get_state_display()),
        column("count", "Payouts, as submitted", lambda row: row.count or None),
        column("total", "Total, as submitted", lambda row: grouped(row.total, row.asset, named=True) or None),
        column("accounts", "Pays from", lambda row: ", ".join(row.accounts) or "whichever account there is"),
        "program",
        column("revision", "Revision", lambda row: row.revision or None),
        whole_id("digest", "Digest (SHA-256)"),
        instant("created_at", "Begun"),
        instant("submitted_at", "Submitted"),
        instant("approved_at", "Approved"),
        instant("expires_at", "Approval good until"),
        instant("started_at", "Started"),
        instant("ended_at", "Ended"),
        whole_id(),
    )
    ordering = ("-id",)

    @display(description="State", label=labels(BATCH_TRANSITIONS), ordering="state")
    def shown_state(self, row: PayoutBatch) -> tuple[str, str]:
        return row.state, BatchState(row.state).label

    def get_list_display(self, request: HttpRequest) -> Any:
        box = [column("tick", "Tick", tick_as_seen)] if may(request, "payout.execute") else []
        return [self.list_display[0], *box, *self.list_display[1:]]

    def get_urls(self) -> list[URLPattern]:
        return [
            self.address("begin/", self.begin_view, "begin"),
            self.address("desks/", self.desks_view, "desks"),
            self.address("stop/", self.stop_view, "stop"),
            self.address("restart/", self.restart_view, "restart"),
            *(
                self.address(f"{verb}/", self._many(verb), f"{verb}_many")
                for verb in ("submit", "approve", "reject", "execute")
            ),
            self.address("<uuid:pk>/collect/", self.collect_view, "collect"),
            self.address("<uuid:pk>/add/", self.add_payee_view, "add_payee"),
            self.address("<uuid:pk>/submit/", self.submit_view, "submit"),
            self.address("<uuid:pk>/execute/", self.execute_view, "execute"),
            self.address("<uuid:pk>/proof/", self.proof_view, "proof"),
            *(
                self.address(f"<uuid:pk>/{route}/", partial(view, self), name)
                for route, view, name in (
                    ("bank-file/write", write_page, "write_file"),
                    ("bank-file", bank_file_answer, "bank_file"),
                    ("result-file", result_page, "read_result"),
                )
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {
            "may_begin": may(request, "payout.prepare"),
            "bulk": [
                (words, reverse(f"admin:payouts_payoutbatch_{verb}_many"))
                for verb, words, permission in (
                    ("submit", "Submit", "payout.prepare"), ("approve", "Approve", "payout.execute"),
                    ("reject", "Reject", "payout.execute"), ("execute", "Have them sent", "payout.execute"),
                )
                if may(request, permission)
            ],
        }  # fmt: skip
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = {"progress": tables.progress_of(row)} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def page(self, request: HttpRequest, row: PayoutBatch) -> Page:
        buttons: list[tuple[str, str]] = []
        presses: list[tuple[str, str]] = []
        if row.state == BatchState.DRAFT:
            presses += self.way(request, row, "collect", "Collect what is due", "payout.prepare")
            buttons += self.way(request, row, "add_payee", "Add somebody", "payout.prepare")
            buttons += self.way(request, row, "submit", "Submit", "payout.prepare")
        if row.state == BatchState.PENDING_APPROVAL and row.proposal_id:
            buttons.append(("Decide", reverse("admin:identity_proposal_change", args=[row.proposal_id])))
        if row.state == BatchState.APPROVED:
            buttons += self.way(request, row, "execute", "Have it sent", "payout.execute")
        buttons += file_buttons(self, request, row)
        if row.revision:
            buttons.append(("Proof", reverse("admin:payouts_payoutbatch_proof", args=[row.pk])))
        return Page(
            warnings=tables.warnings_of(row, counts_of(row)), buttons=buttons, presses=presses,
            tables=[
                tables.rails_of(row), *files_table(self, request, row),
                tables.flags_table(row, at=timezone.now()), tables.payouts_of(row),
                tables.makers_of(row), tables.votes_of(row),
            ],
        )  # fmt: skip

    def ties(self, request: HttpRequest, row: PayoutBatch) -> list[tuple[str, str]]:
        proposal = [("Its proposal", page_of(row.proposal))] if row.proposal else []
        payouts = f"{reverse('admin:payouts_payout_changelist')}?batch__id__exact={row.pk}"
        return [*proposal, ("Its payouts", payouts)]

    def do(self, act: str, request: HttpRequest, row: PayoutBatch, reason: str) -> str:
        operation = operations.recall_batch if act == "recall" else operations.cancel_batch
        operation(row.pk, program_id=row.program_id, reason=reason, by=person_of(request), at=timezone.now())
        return "It is a draft again." if act == "recall" else "Cancelled."

    def begin_view(self, request: HttpRequest) -> HttpResponse:
        """Begin a batch, and collect what is due."""
        if not may(request, "payout.prepare"):
            raise PermissionDenied
        programs = Program.objects.filter(pk__in=self.programs(request, "payout.prepare"))[:200]
        form = BatchForm(request.POST if request.method == "POST" else None, programs=programs)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                batch = operations.create_batch(
                    program=said["program"], asset_code=said["asset"].code, key=f"admin:{said['key']}",
                    note=said["note"], accounts=said["accounts"], by=person_of(request), at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "Begun. Collect what is due.", messages.SUCCESS)
                return redirect(page_of(batch))
        return self.dialog(
            request, None, form, title="Begin a batch", button="Begin", facts=[],
            about="A batch pays one asset, and others agree to it as a whole.",
            back=reverse("admin:payouts_payoutbatch_changelist"),
        )  # fmt: skip

    def collect_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Put everybody in to whom something is due."""
        row = self.asked_for(request, pk, "payout.prepare")
        if request.method != "POST":  # what an address alone could do, any page elsewhere could have done
            return redirect(page_of(row))
        try:
            done = operations.collect_due(row.pk, program_id=row.program_id, by=person_of(request), at=timezone.now())
        except DomainError as refusal:
            self.refuse(request, refusal)
        else:
            said = f"{len(done.ready)} put in, {len(done.left_out)} left out. Each of those says why."
            self.message_user(request, said, messages.SUCCESS if done.ready else messages.INFO)
        return redirect(page_of(row))

    def add_payee_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Put one affiliate in."""
        row = self.asked_for(request, pk, "payout.prepare")
        form = AddForm(request.POST if request.method == "POST" else None, program=row.program)
        if request.method == "POST" and form.is_valid():
            affiliate = form.cleaned_data["code"]
            try:
                operations.add_payee(
                    row.pk, program_id=row.program_id, payee_type="AFFILIATE", payee_id=affiliate.pk,
                    by=person_of(request), at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, f"{affiliate.party} is in.", messages.SUCCESS)
                return redirect(page_of(row))
        return self.dialog(
            request, row, form, title="Add somebody", button="Add", facts=[], back=page_of(row),
            about="All that is due to them is put in: an amount is never said by hand.",
        )  # fmt: skip

    def submit_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Freeze a draft, and ask others to agree to it."""
        row = self.asked_for(request, pk, "payout.prepare")
        form = SubmitForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                operations.submit_batch(
                    row.pk, program_id=row.program_id, reason=form.cleaned_data["reason"],
                    waits_for_float=form.cleaned_data["waits_for_float"], by=person_of(request), at=timezone.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, f"{refusal} Nothing was changed.")
            else:
                self.message_user(request, "Submitted: others decide now. Nothing has moved yet.", messages.SUCCESS)
                return redirect(page_of(row))
        counts = counts_of(row)
        ready = counts.get("READY", (0, row.total))
        return self.dialog(
            request, row, form, title=f"Submit batch B{row.number}", button="Submit", back=page_of(row),
            about="It is frozen as it is, and nobody who had a hand in it can agree to it.",
            facts=[("Payouts", str(ready[0])), ("Total", grouped(ready[1], row.asset, named=True))],
        )  # fmt: skip

    def execute_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have an approved batch sent."""
        row = self.asked_for(request, pk, "payout.execute")
        if request.method != "POST":
            return self.dialog(
                request, row, Form(), title=f"Have batch B{row.number} sent", button="Send it", back=page_of(row),
                about="It begins at once. What can't be sent as it was agreed on is held.",
                facts=[("Payouts", str(row.count)), ("Total", grouped(row.total, row.asset, named=True))],
            )  # fmt: skip

        def execute() -> None:
            now = timezone.now()
            require_second_factor(request, at=now)
            operations.execute_batch(row.pk, program_id=row.program_id, by=person_of(request), at=now)

        return self.say(request, execute, "It is on its way.", here=page_of(row))

    def proof_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Give out what shows that a batch was agreed to."""
        row = self.asked_for(request, pk, "payout.read")
        answer = JsonResponse(proof_of(row), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="batch-{row.number}-proof.json"'
        return answer

    def desks_view(self, request: HttpRequest) -> HttpResponse:
        """Show what there is to send from where, and whether anything is stopped."""
        return desks_page(self, request)

    def stop_view(self, request: HttpRequest) -> HttpResponse:
        """Stop everything."""
        return stop_page(self, request, is_stop=True)

    def restart_view(self, request: HttpRequest) -> HttpResponse:
        """Ask a second person to agree that payouts go on."""
        return stop_page(self, request, is_stop=False)

    def _many(self, verb: str) -> Any:
        return lambda request: many_view(self, request, verb)
