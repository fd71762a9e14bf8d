"""Statements of a wallet: issued once, and the same file whenever they are taken."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from audit.errors import DomainError
from ledger.admin.shown import end_of, start_of
from ledger.models import IssuedStatement
from ledger.queries.statement_files import period_in_words
from wallets.models import Wallet
from wallets.operations import issue_statement
from wallets.portal.forms import StatementForm
from wallets.portal.views.shown import grouped, own_wallet

STATEMENTS_SHOWN: Final = 60
_KINDS: Final = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


@login_required
def statements(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the wallet's statements, and issue one."""
    own, now = own_wallet(request, pk), timezone.now()
    zone = ZoneInfo(own.program.time_zone)
    today = now.astimezone(zone).date()
    month = today.replace(day=1)
    form = StatementForm(request.POST if request.method == "POST" else None, initial={"since": month, "until": today})
    if request.method == "POST" and form.is_valid():
        since, until = form.cleaned_data["since"], form.cleaned_data["until"]
        try:
            issued = issue_statement(
                own.pk, program_id=own.program_id, after=start_of(since, zone), until=_until(until, own, at=now), at=now
            )
        except DomainError as refusal:
            form.add_error(None, f"{refusal} Nothing was issued.")
        else:
            messages.success(request, f"Statement {issued} is ready, as PDF and CSV.")
            return redirect("wallets:statements", own.pk)
    rows = IssuedStatement.objects.without_files().filter(account=own.account)[:STATEMENTS_SHOWN]
    context = {
        "wallet": own, "form": form, "zone": own.program.time_zone,
        "statements": [
            {
                "statement": one, "period": period_in_words(own.program, after=one.after, until=one.until),
                "closing": grouped(one.closing, own.asset),
            }
            for one in rows
        ],
    }  # fmt: skip
    return render(request, "portal/wallets/statements.html", context)


@login_required
def statement_file(request: HttpRequest, pk: UUID, statement_pk: UUID, form: str) -> HttpResponse:
    """Hand out a file as it was issued."""
    own = own_wallet(request, pk)
    issued = IssuedStatement.objects.filter(pk=statement_pk, account=own.account).first()
    if issued is None:
        raise Http404
    answer = HttpResponse(bytes(getattr(issued, form)), content_type=_KINDS[form])
    answer["Content-Disposition"] = f'attachment; filename="{issued.file_name}.{form}"'
    return answer


def _until(day: date, own: Wallet, *, at: datetime) -> datetime:
    """Return up to when: the end of the day, or for a day that is not over the last full second."""
    end = end_of(day, own.program)
    return end if end < at else (at - timedelta(seconds=1)).replace(microsecond=0)
