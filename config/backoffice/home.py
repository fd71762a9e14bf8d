"""The back office's first page: what waits, what works, what happened last."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure

from audit.access import may
from audit.admin import journal_lines
from audit.models import Entry, EntryQuerySet, Finding, Seal
from audit.rules import first_id_at
from config.backoffice.affiliates_home import charts, claims_waiting
from config.backoffice.operations_page import cluster_lines, in_words
from config.backoffice.payouts_home import payouts_waiting, withdrawals_waiting
from identity import rules
from identity.kinds import label_of
from identity.models import Membership, Program, User
from identity.queries import waiting_for
from ledger.models import Intent
from ledger.states import IntentState
from wallets.models import RailEvent
from wallets.states import RailEventState

CHART_DAYS = 14


def fill_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the page only what this person may see."""
    now = timezone.now()
    user = request.user
    assert isinstance(user, User)
    may_read_journal = may(request, "journal.read")
    may_operate = may(request, "operations.read")
    clusters = cluster_lines(now=now) if may_operate else []
    context.update(
        {
            "title": "Home",
            "person": user,
            "greeting": rules.greeting(timezone.localtime(now).hour),
            "now": now,
            "programs": Program.objects.for_user(user)[:6],
            "may_read_journal": may_read_journal,
            "may_operate": may_operate,
            "clusters": clusters,
            "attention": [
                *_votes(user, now=now),
                *payouts_waiting(user),
                *claims_waiting(user),
                *withdrawals_waiting(user),
                *_findings(user),
                *_dead_intents(user),
                *_failed_notices(user),
                *(_attention(clusters, now=now) if may_operate else []),
            ],
            "figures": [*_own_figures(user), *(_queue_figure(clusters) if may_operate else [])],
        }
    )
    context["charts"] = charts(user, now=now) if may(request, "commission.read") else []
    if may_read_journal:
        journal = Entry.objects.for_user(user)
        today_count = _since(journal, now - timedelta(days=1)).count()
        context["figures"].insert(2, _figure("Journal", today_count, "history_edu", "audit_entry", "entries in 24 h"))
        context["recent"] = journal_lines(Entry.objects.all(), reader=user, count=8)
        context["days"] = _days(journal, now=now)
        context["chart"] = _chart(context["days"])
    if may(request, "seal.read"):
        context["last_seal"] = _last_seal(now=now)
    return context


def _since(journal: EntryQuerySet, moment: datetime) -> EntryQuerySet:
    # An entry is not written before what it tells of, so a long journal is read from there on only.
    return journal.filter(id__gte=first_id_at(moment), at__gte=moment)


def _figure(label: str, value: int, icon: str, model: str, note: str) -> dict[str, Any]:
    return {"label": label, "value": value, "icon": icon, "note": note, "url": reverse(f"admin:{model}_changelist")}


def _own_figures(user: User) -> list[dict[str, Any]]:
    people = User.objects.for_user(user).count()
    roles = Membership.objects.for_user(user).count()
    active = Program.objects.for_user(user).filter(status="ACTIVE").count()
    programs = Program.objects.for_user(user).count()
    return [
        _figure("Programs", programs, "domain", "identity_program", f"{active} active"),
        _figure("People", people, "group", "identity_user", f"in {roles} role{'' if roles == 1 else 's'}"),
    ]


def _queue_figure(clusters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    waiting = sum(line["depth"] or 0 for line in clusters)
    return [
        _figure("Waiting tasks", waiting, "hourglass_top", "django_q_ormq", f"in {len(clusters)} queues"),
    ]


def _votes(user: User, *, now: datetime) -> list[dict[str, Any]]:
    """Return the proposals that wait for this person's vote."""
    return [
        {
            "icon": "how_to_vote",
            "title": f"{label_of(proposal.kind)}: {proposal.program}",
            "text": f"{proposal.reason} Since {proposal.proposed_at:%d %b %Y, %H:%M} UTC.",
            "url": reverse("admin:identity_proposal_change", args=[proposal.pk]),
            "action": "Decide",
        }
        for proposal in waiting_for(user, at=now)[:5]
    ]


def _findings(user: User) -> list[dict[str, Any]]:
    """Return the queue of findings as one thing to look at."""
    if not user.may("reconciliation.work"):
        return []
    count = Finding.objects.for_user(user).unsettled().count()
    if not count:
        return []
    return [
        {
            "icon": "rule",
            "title": f"{count} finding{'' if count == 1 else 's'} to explain or mend",
            "text": "Something did not agree when it was last compared. Each shows both sides.",
            "url": reverse("admin:audit_finding_changelist"),
            "action": "See findings",
        }
    ]


def _dead_intents(user: User) -> list[dict[str, Any]]:
    """Return what was asked for and given up, as one thing to look at."""
    if not user.may("intent.retry"):
        return []
    programs = Membership.objects.programs_where(user, "intent.retry")
    count = Intent.objects.filter(state=IntentState.DEAD, program_id__in=programs)[:1_000].count()
    if not count:
        return []
    return [
        {
            "icon": "task_alt",
            "title": f"{count if count < 1_000 else 'More than 999'} dead intent{'' if count == 1 else 's'}",
            "text": "They were refused, or failed too often. Each says why, and can be tried again.",
            "url": f"{reverse('admin:ledger_intent_changelist')}?state__exact={IntentState.DEAD}",
            "action": "See intents",
        }
    ]


def _failed_notices(user: User) -> list[dict[str, Any]]:
    """Return what rails have told us and was not taken in, as one thing to look at."""
    if not user.may("rail.operate"):
        return []
    programs = Membership.objects.programs_where(user, "rail.operate")
    count = RailEvent.objects.filter(state=RailEventState.FAILED, program__in=programs)[:1_000].count()
    if not count:
        return []
    return [
        {
            "icon": "inbox",
            "title": f"{count if count < 1_000 else 'More than 999'} failed notice{'' if count == 1 else 's'} of rails",
            "text": "A rail has told us something that could not be taken in. Each says why, and can be tried again.",
            "url": f"{reverse('admin:wallets_railevent_changelist')}?state__exact={RailEventState.FAILED}",
            "action": "See the inbox",
        }
    ]


def _last_seal(*, now: datetime) -> dict[str, Any]:
    """Return the last seal and how old it is, as the journal's card says it."""
    seal = Seal.objects.head()
    if seal is None:
        return {"number": None}
    return {
        "number": seal.number,
        "age": in_words((now - seal.sealed_at).total_seconds()),
        "url": reverse("admin:audit_seal_change", args=[seal.pk]),
    }


def _attention(clusters: list[dict[str, Any]], *, now: datetime) -> list[dict[str, Any]]:
    """Return what somebody should look at now, the most pressing first."""
    waiting = []
    silent = [line["queue"] for line in clusters if not line["alive"]]
    if silent:
        waiting.append(
            {
                "icon": "heart_broken",
                "title": f"No heartbeat from {_listed(silent)}",
                "text": "Tasks in a silent queue wait until its workers run again. Nothing is lost meanwhile.",
                "url": reverse("admin:operations"),
                "action": "See workers",
            }
        )
    failed = Failure.objects.filter(stopped__gte=now - timedelta(days=1)).count()
    if failed:
        waiting.append(
            {
                "icon": "error",
                "title": f"{failed} task{'' if failed == 1 else 's'} failed in the last 24 hours",
                "text": "Each was tried as often as allowed. The traceback says why it gave up.",
                "url": reverse("admin:django_q_failure_changelist"),
                "action": "See failures",
            }
        )
    return waiting


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _days(journal: EntryQuerySet, *, now: datetime) -> list[dict[str, Any]]:
    """Return how many entries each of the last days has, days without any included."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=CHART_DAYS - 1)
    counts = dict(
        _since(journal, first)
        .order_by()
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(count=Count("pk"))
        .values_list("day", "count")
    )
    days = [(first + timedelta(days=number)).date() for number in range(CHART_DAYS)]
    return [{"day": day, "count": counts.get(day, 0)} for day in days]


def _chart(days: list[dict[str, Any]]) -> dict[str, str]:
    """Return the days as the theme's bar chart takes them."""
    data = {
        "labels": [f"{line['day'].day} {line['day']:%b}" for line in days],
        "datasets": [
            {
                "label": "Entries",
                "data": [line["count"] for line in days],
                "backgroundColor": "var(--color-primary-600)",
                "borderRadius": 6,
                "maxBarThickness": 32,
            }
        ],
    }
    options = {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "plugins": {"legend": {"display": False}},
        "scales": {
            # The theme sets the colour of both grids when it changes between light and dark.
            "x": {"grid": {"display": False}, "ticks": {"color": "#6b7280", "maxRotation": 0, "autoSkipPadding": 12}},
            "y": {
                "beginAtZero": True,
                "suggestedMax": 4,
                "border": {"display": False},
                "grid": {"display": True},
                "ticks": {"color": "#6b7280", "precision": 0, "maxTicksLimit": 6},
            },
        },
    }
    return {"data": json.dumps(data), "options": json.dumps(options)}
