"""Files to banks and from them, on a batch's page."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from affiliates.admin.screens import Cell, Table, day, page_of
from audit.errors import DomainError
from identity.doors import require_second_factor
from identity.errors import SecondFactorRequired
from ledger.admin.shown import grouped
from ledger.interchange.verdicts import Judgement
from ledger.money import ZERO
from payouts import operations
from payouts.models import BankFile, PayoutBatch
from payouts.operations.read_result_file import Reading
from payouts.queries.bank_files import bank_file, bank_files, file_accounts
from payouts.queries.batches import counts_of
from payouts.states import RUNNING, PayoutState
from wallets.admin.screens import person_of
from wallets.rails.bankfile.lines import BYTES_AT_MOST

if TYPE_CHECKING:
    from payouts.admin.screens import PayoutsScreen

_SHOWN: Final = 500
_LOOK_AT: Final = (Judgement.CONFLICT, Judgement.REJECTED)


class WriteForm(forms.Form):
    """Which bank a file is for."""

    account = forms.ChoiceField(label="Pays from", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["account"]
        field.choices = [(name, name) for name in names]


class ResultForm(forms.Form):
    """What a bank gave back."""

    file = forms.FileField(label="The bank's file", widget=UnfoldAdminFileFieldWidget)

    def clean_file(self) -> bytes:
        """Return what stands in it; of one that is too long no more than shows that."""
        content: bytes = self.cleaned_data["file"].read(BYTES_AT_MOST + 1)
        return content


def file_buttons(screen: "PayoutsScreen", request: HttpRequest, row: PayoutBatch) -> list[tuple[str, str]]:
    """Return the ways to write a file and to read what came of it, where a batch pays by file."""
    if not file_accounts(row):
        return []
    buttons: list[tuple[str, str]] = []
    if row.state in RUNNING and row.payouts.filter(state__in=(PayoutState.READY, PayoutState.FAILED)).exists():
        buttons += screen.way(request, row, "write_file", "Write the bank file", "payout.execute")
    if BankFile.objects.filter(batch=row).exists():
        buttons += screen.way(request, row, "read_result", "Read the bank's answer", "payout.resolve")
    return buttons


def files_table(screen: "PayoutsScreen", request: HttpRequest, row: PayoutBatch) -> list[Table]:
    """Return the files of a batch, if it pays by file."""
    files = bank_files(row)
    if not files and not file_accounts(row):
        return []
    way = screen.way(request, row, "bank_file", "", "payout.execute")
    return [
        Table(
            "Bank files", ("File", "Pays from", "Written", "SHA-256", "Answered", "#Payouts", "#Total"),
            [
                (
                    Cell(f"{file.name}.csv", f"{way[0][1]}?number={file.number}" if way else ""),
                    file.rail_account.name, f"{day(file.written_at)}, {file.written_by}", file.sha256[:12],
                    "; ".join(f"{day(read.read_at)}, {read.read_by}" for read in file.results.all()) or "not yet",
                    file.count, grouped(file.total, row.asset, named=True),
                )
                for file in files
            ],
            empty="None is written yet. What stands in one counts as sent.",
        )
    ]  # fmt: skip


def write_page(screen: "PayoutsScreen", request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write what is to be sent by file."""
    row = screen.asked_for(request, pk, "payout.execute")
    names = [account.name for account in file_accounts(row)]
    form = WriteForm(request.POST if request.method == "POST" else None, names=names)
    if request.method == "POST" and form.is_valid():

        def write() -> None:
            now = timezone.now()
            require_second_factor(request, at=now)
            operations.write_bank_file(
                row.pk, program_id=row.program_id, account=form.cleaned_data["account"], by=person_of(request), at=now
            )

        said = "Written. Take it to the bank, once: what stands in it counts as sent."
        return screen.say(request, write, said, here=page_of(row))
    ready, total = counts_of(row).get(PayoutState.READY, (0, ZERO))
    return screen.dialog(
        request, row, form, title=f"Write the bank file of B{row.number}", button="Write it", back=page_of(row),
        about="All that can be sent now is written down and counts as sent. Somebody else reads the bank's answer.",
        facts=[("Ready", str(ready)), ("Come to", grouped(total, row.asset, named=True))],
    )  # fmt: skip


def bank_file_answer(screen: "PayoutsScreen", request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give out a file as it was written."""
    row = screen.asked_for(request, pk, "payout.execute")
    said = request.GET.get("number", "")
    try:
        file = bank_file(row, number=int(said) if said.isdecimal() and len(said) < 5 else None)
    except DomainError as none:
        raise Http404 from none
    answer = HttpResponse(file.body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file.name}.csv"'
    return answer


def result_page(screen: "PayoutsScreen", request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take in what a bank says, and say what became of each line."""
    row = screen.asked_for(request, pk, "payout.resolve")
    is_brought = request.method == "POST"
    form = ResultForm(request.POST if is_brought else None, request.FILES if is_brought else None)
    table, counts = None, ""
    if is_brought and form.is_valid():
        now = timezone.now()
        try:
            require_second_factor(request, at=now)
            reading = operations.read_result_file(
                row.pk, program_id=row.program_id, content=form.cleaned_data["file"], by=person_of(request), at=now
            )
        except SecondFactorRequired as refusal:
            owed = refusal  # said, and the way to it shown, as everywhere
            return screen.say(request, lambda: _raise(owed), "", here=request.path)
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            table, counts = _told(reading), _counted(reading)
            if not reading.is_new:
                screen.message_user(request, "This file was read before: nothing was changed.", messages.INFO)
    context: dict[str, Any] = {
        **screen.admin_site.each_context(request), "title": f"Read the bank's answer to B{row.number}", "form": form,
        "about": "It is taken in whole or not at all; read again, it changes nothing. Whoever wrote the bank file lets"
        " somebody else read the answer.",
        "table": table, "counts": counts, "back": page_of(row), "original": row,
    }  # fmt: skip
    return TemplateResponse(request, "admin/payouts/result_file.html", context)


def _raise(refusal: DomainError) -> None:
    raise refusal


def _counted(reading: Reading) -> str:
    counts = {each: sum(one.verdict is each for one in reading.verdicts) for each in Judgement}
    return f"{reading.of.name}: " + ", ".join(f"{count:,} {each.value}" for each, count in counts.items() if count)


def _told(reading: Reading) -> Table:
    """Return the lines, those first that somebody has to look at."""
    rows = sorted(reading.verdicts, key=lambda one: (one.verdict not in _LOOK_AT, one.line))[:_SHOWN]
    return Table(
        "Line by line", ("#Line", "Reference", "What became of it", "Why"),
        [(one.line, one.reference, one.verdict.value, one.message) for one in rows],
    )  # fmt: skip
