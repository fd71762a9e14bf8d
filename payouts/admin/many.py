"""What is done with the ticked batches of a list, each by itself."""

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html

from affiliates.admin.screens import picked, tick
from audit.access import may, may_with
from audit.errors import DomainError
from identity.doors import refusals_noted, require_second_factor
from identity.doors.refusals import VOTE_REFUSED
from identity.states import Decision
from payouts import operations
from payouts.models import PayoutBatch
from wallets.admin.screens import person_of

if TYPE_CHECKING:
    from payouts.admin.screens import PayoutsScreen

AT_ONCE: Final = 50
_PERMISSIONS: Final = {
    "submit": "payout.prepare", "approve": "payout.execute", "reject": "payout.execute", "execute": "payout.execute",
}  # fmt: skip
_DONE: Final = {"submit": "submitted", "approve": "approved", "reject": "rejected", "execute": "on their way"}


def many_view(screen: "PayoutsScreen", request: HttpRequest, verb: str) -> HttpResponse:
    """Do it with each ticked batch; those with which it can't be done are named, and why."""
    if not may(request, _PERMISSIONS[verb]):
        raise PermissionDenied
    here = redirect("admin:payouts_payoutbatch_changelist")
    ids = picked(request)[:AT_ONCE]
    reason = request.POST.get("reason", "").strip()
    if request.method != "POST" or not ids or not reason:
        screen.message_user(request, "Tick the batches first, and say in a few words why.", messages.ERROR)
        return here
    rows = screen.get_queryset(request).filter(pk__in=ids).select_related("program")
    seen = {pk: (revision, digest) for pk, revision, digest in map(_seen, request.POST.getlist("seen"))}
    if verb != "submit":
        answer = screen.say(request, lambda: require_second_factor(request, at=timezone.now()), "", here=here.url)
        if not _is_fresh(request):
            return answer
    done = 0
    for row in rows:
        try:
            if not may_with(row, request, _PERMISSIONS[verb]):
                raise PermissionDenied
            _do(request, row, verb, reason, seen=seen.get(str(row.pk), (0, "")))
        except DomainError as refusal:
            screen.message_user(request, f"B{row.number}: {refusal}", messages.ERROR)
        else:
            done += 1
    if done:
        words = f"{done} batch{'' if done == 1 else 'es'} {_DONE[verb]}."
        screen.message_user(request, words, messages.SUCCESS)
    return here


def _is_fresh(request: HttpRequest) -> bool:
    try:
        require_second_factor(request, at=timezone.now())
    except DomainError:
        return False
    return True


def tick_as_seen(row: PayoutBatch) -> str:
    """Return the box that ticks a batch, with what stands in the list of it: a vote names what was looked at."""
    seen = f"{row.pk}:{row.revision}:{row.digest}"
    return format_html('{}<input type="hidden" name="seen" value="{}" form="changelist-form">', tick(row), seen)


def _seen(said: str) -> tuple[str, int, str]:
    pk, _, rest = said.partition(":")
    revision, _, digest = rest.partition(":")
    return pk, int(revision) if revision.isdecimal() and len(revision) < 9 else 0, digest


def _do(request: HttpRequest, row: PayoutBatch, verb: str, reason: str, *, seen: tuple[int, str]) -> None:
    by, now = person_of(request), timezone.now()
    if verb == "submit":
        operations.submit_batch(row.pk, program_id=row.program_id, reason=reason, by=by, at=now)
    elif verb == "execute":
        operations.execute_batch(row.pk, program_id=row.program_id, by=by, at=now)
    else:
        decision = Decision.APPROVE if verb == "approve" else Decision.REJECT
        with refusals_noted(request, VOTE_REFUSED, subject=row):
            operations.vote_on_batch(
                row.pk, program_id=row.program_id, revision=seen[0], digest=seen[1], decision=decision,
                comment=reason, by=by, at=now,
            )  # fmt: skip
