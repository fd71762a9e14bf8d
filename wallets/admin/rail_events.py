"""The inbox of what rails have told us."""

from typing import Final

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from audit.admin import LABELS, as_json, column, instant, reference, whole_id
from wallets.admin.acts import Act, ActsAdmin
from wallets.models import RailEvent
from wallets.operations import ignore_event, replay_event
from wallets.states import RAIL_EVENT_TRANSITIONS, RailEventState

EVENT_LABELS = {state: LABELS[colour] for state, colour in RAIL_EVENT_TRANSITIONS.colours.items()}
SHOWN_OF_A_BODY: Final = 20_000

_EVENT_ACTS: Final = (
    Act(
        name="replay", title="Try again", button="Replay", permission="rail.operate",
        text="What was rejected is proven again, what has failed is applied again, at once.",
        states=frozenset({RailEventState.REJECTED, RailEventState.FAILED}),
    ),
    Act(
        name="ignore", title="Leave it", button="Ignore", permission="rail.operate",
        text="It is not applied any more. Nothing is booked of it.",
        states=frozenset({RailEventState.FAILED}),
    ),
)  # fmt: skip


@admin.register(RailEvent)
class RailEventAdmin(ActsAdmin):
    """The inbox: what came, as it came, what we made of it, and another try."""

    change_form_template = "admin/wallets/railevent/change_form.html"
    permission_to_view = "rail.read"
    acts = _EVENT_ACTS

    list_display = (
        instant("received_at", "Received"),
        "account",
        column("kind", "What", lambda event: event.kind or "Nothing proven"),
        column("external_id", "Its name there", lambda event: _name(event)),
        "shown_state",
        column("verdict", "Why", lambda event: event.verdict[:80] or None),
        "attempts",
    )  # fmt: skip
    list_filter = ("state", "is_changed")
    list_select_related = ("account",)
    search_fields = ("external_id__exact",)
    search_help_text = "The rail's own name for it, whole, or a whole id"
    id_fields = ("pk", "account", "duplicate_of", "program")
    linked_lookups = ("account__id__exact", "duplicate_of__id__exact")
    fields = (
        column("kind", "What", lambda event: event.kind or None),
        column("external_id", "Its name there", lambda event: _name(event, short=False)),
        column("state", "State", lambda event: event.get_state_display()),
        column("verdict", "Why", lambda event: event.verdict or None),
        "account",
        instant("received_at", "Received"),
        instant("occurred_at", "Happened, says the rail"),
        instant("settled_at", "Over"),
        instant("due_at", "Tried again"),
        "attempts",
        column("duplicate_of", "Told before by", lambda event: _told_before(event)),
        as_json("result", "What came of it"),
        column("body", "As it came", lambda event: _body(event)),
        as_json("headers", "Headers"),
        column("address", "From", lambda event: event.address),
        column("fault", "What went wrong", lambda event: _code(event.fault)),
        whole_id(),
    )  # fmt: skip
    ordering = ("-id",)

    @display(description="State", label=EVENT_LABELS, ordering="state")
    def shown_state(self, event: RailEvent) -> tuple[str, str]:
        return event.state, RailEventState(event.state).label

    def do(self, act: str, request: HttpRequest, row: RailEvent, reason: str) -> str:
        verb = replay_event if act == "replay" else ignore_event
        event = verb(row.pk, program_id=row.program_id, reason=reason, at=timezone.now())
        return f"It is {event.get_state_display().lower()} now{f': {event.verdict}' if event.verdict else '.'}"


def _name(event: RailEvent, *, short: bool = True) -> str | None:
    return reference(event.external_id, short=short) if event.external_id else None


def _code(text: str) -> str | None:
    return format_html('<pre class="code">{}</pre>', text) if text else None


def _told_before(event: RailEvent) -> str | None:
    if event.duplicate_of_id is None:
        return None
    return reference(event.duplicate_of_id, url=reverse("admin:wallets_railevent_change", args=[event.duplicate_of_id]))


def _body(event: RailEvent) -> str:
    body = bytes(event.body)
    text = body[:SHOWN_OF_A_BODY].decode("utf-8", "replace")
    more = f"\n… {len(body):,} bytes in all" if len(body) > SHOWN_OF_A_BODY else ""
    return format_html('<pre class="code">{}{}</pre>', text, more)
