"""Files that finance people bring: affiliates and settlements, each line told what became of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from affiliates.admin.forms import ProgramForm
from affiliates.admin.screens import AffiliatesScreen, Table
from affiliates.operations import import_affiliates, import_settlements
from affiliates.queries.files import (
    AFFILIATE_COLUMNS,
    AFFILIATE_REQUIRED,
    SETTLEMENT_COLUMNS,
    SETTLEMENT_REQUIRED,
    Verdict,
    read_lines,
)
from audit.access import may
from audit.errors import DomainError
from identity.models import Program
from ledger.errors import UnreadableFile
from ledger.interchange.verdicts import Judgement

# A page waits for all of it; `manage.py affiliates_import` takes files of any length.
LINES_AT_MOST: Final = 2_000
BYTES_AT_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """A kind of file: what its lines say, who may bring it, and what takes it in."""

    title: str
    about: str
    permission: str
    screen: str
    columns: Sequence[str]
    required: Sequence[str]
    take: Callable[..., Iterator[Verdict]]


AFFILIATES: Final = Importing(
    title="Import affiliates", permission="affiliate.manage", screen="affiliates_affiliate",
    about="Parents stand before those under them. A reference that is there, just so, is a duplicate and changes"
    " nothing, so a file can be brought again.",
    columns=AFFILIATE_COLUMNS, required=AFFILIATE_REQUIRED, take=import_affiliates,
)  # fmt: skip
SETTLEMENTS: Final = Importing(
    title="Import settlements", permission="charge.expect", screen="affiliates_settlement",
    about="A file proves nothing: each line is looked up on its chain, and what is proven there is settled.",
    columns=SETTLEMENT_COLUMNS, required=SETTLEMENT_REQUIRED, take=import_settlements,
)  # fmt: skip


class FileForm(ProgramForm):
    """Which file, and into which program."""

    file = forms.FileField(label="CSV in UTF-8", widget=UnfoldAdminFileFieldWidget)

    def clean_file(self) -> bytes:
        sent = self.cleaned_data["file"]
        if sent.size > BYTES_AT_MOST:
            raise forms.ValidationError(f"A page takes up to {BYTES_AT_MOST:,} bytes. Bring it in parts.")
        content: bytes = sent.read()
        return content


def import_url(request: HttpRequest, kind: Importing) -> str:
    """Return where a file is brought, for whom may."""
    return reverse(f"admin:{kind.screen}_import") if may(request, kind.permission) else ""


def import_page(screen: AffiliatesScreen, request: HttpRequest, kind: Importing) -> HttpResponse:
    """Ask for a file, take it in line by line, and say what became of each.

    :raises PermissionDenied: if the person may bring such files nowhere.
    """
    if not may(request, kind.permission):
        raise PermissionDenied
    programs = Program.objects.filter(pk__in=screen.programs(request, kind.permission)).order_by("name")
    form = FileForm(request.POST or None, request.FILES or None, programs=programs[:200])
    table, counts = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            verdicts = _take(kind, form.cleaned_data["file"], form.cleaned_data["program"], at=timezone.now())
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was changed.")
        else:
            table, counts = _told(verdicts), _counted(verdicts)
    context: dict[str, Any] = {
        **screen.admin_site.each_context(request), "title": kind.title, "form": form, "about": kind.about,
        "columns": kind.columns, "required": kind.required, "table": table, "counts": counts,
        "back": reverse(f"admin:{kind.screen}_changelist"),
    }  # fmt: skip
    return TemplateResponse(request, "admin/affiliates/import.html", context)


def _take(kind: Importing, content: bytes, program: Program, *, at: datetime) -> list[Verdict]:
    lines = list(read_lines(content, known=kind.columns, required=kind.required))
    if len(lines) > LINES_AT_MOST:
        raise UnreadableFile(reason=f"it has {len(lines):,} lines, and a page takes up to {LINES_AT_MOST:,}")
    return list(kind.take(lines, program=program, at=at))


def _counted(verdicts: Iterable[Verdict]) -> str:
    counts = Counter(one.verdict for one in verdicts)
    return ", ".join(f"{counts[each]:,} {each.value.lower()}" for each in Judgement if counts[each]) or "no line"


def _told(verdicts: Sequence[Verdict]) -> Table:
    """Return the lines, those that were not taken first."""
    rows = sorted(verdicts, key=lambda one: (one.verdict in (Judgement.ACCEPTED, Judgement.DUPLICATE), one.line))
    return Table(
        "Line by line", ("#Line", "Reference", "What became of it", "Why"),
        [(one.line, one.reference, one.verdict.value.lower(), one.message) for one in rows],
        empty="The file has no line below its headings.",
    )  # fmt: skip
