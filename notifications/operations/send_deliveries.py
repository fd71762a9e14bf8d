"""Send what is due."""

import smtplib
import time
from collections.abc import Callable
from datetime import datetime
from random import SystemRandom
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string

from audit.operations import follow
from identity.queries.settings import setting
from notifications import rules
from notifications.messages import message_named
from notifications.models import Delivery
from notifications.states import DELIVERY_TRANSITIONS, DeliveryState

log = structlog.get_logger("notifications")

CLAIMED_AT_ONCE: Final = 20
# A task has a time limit of its own; what is left is sent by the next.
SECONDS_AT_MOST: Final = 30
_CHANCE: Final = SystemRandom()


def send_deliveries(*, clock: Callable[[], datetime]) -> int:
    """Send what is due and return how much was sent.

    A delivery is claimed in one transaction, leaves outside of any, and is marked in another: a worker that dies in
    between leaves it to be sent again under the same ``Message-ID`` once its lease is over.
    """
    sent, began = 0, time.monotonic()
    while time.monotonic() - began < SECONDS_AT_MOST and (claimed := _claim(at=clock())):
        mail = get_connection()
        for delivery in claimed:
            sent += _send(delivery, mail, at=clock())
        mail.close()
    return sent


@transaction.atomic
def _claim(*, at: datetime) -> list[Delivery]:
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=at).order_by("due_at")
    claimed = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("recipient")[:CLAIMED_AT_ONCE])
    for delivery in claimed:
        delivery.attempts += 1
        delivery.due_at = at + rules.LEASE
    Delivery.objects.bulk_update(claimed, ["attempts", "due_at"])
    return claimed


def _send(delivery: Delivery, mail: BaseEmailBackend, *, at: datetime) -> bool:
    try:
        letter = _letter(delivery, at=at)
        if letter is None:
            _settle(delivery, to=DeliveryState.SKIPPED, at=at)
            return False
        letter.connection = mail
        letter.send()
    except Exception as trouble:  # noqa: BLE001  (whatever is wrong with one must not keep the others from leaving)
        mail.close()  # it may be in the middle of another message
        _note_failure(delivery, trouble, at=at)
        return False
    _settle(delivery, to=DeliveryState.SENT, at=at)
    return True


def _letter(delivery: Delivery, *, at: datetime) -> EmailMultiAlternatives | None:
    """Return the mail, in the words that are true now; None when there is nothing left to say."""
    message = message_named(delivery.message)
    context = message.context(delivery, at) if message and delivery.recipient.is_active else None
    if context is None:
        return None
    house = setting("house.name")
    named = {**context, "recipient": delivery.recipient, "heading": delivery.heading, "house": house}
    letter = EmailMultiAlternatives(
        subject=f"{house}: {delivery.heading}",
        body=render_to_string(f"notifications/{delivery.message}.txt", named),
        to=[delivery.recipient.email],
        headers={
            "Message-ID": rules.message_id(delivery.key, domain=urlsplit(settings.PUBLIC_URL).hostname or "localhost"),
            "Auto-Submitted": "auto-generated",  # or absence notices would answer it
        },
    )
    letter.attach_alternative(render_to_string(f"notifications/{delivery.message}.html", named), "text/html")
    return letter


@transaction.atomic
def _settle(delivery: Delivery, *, to: DeliveryState, at: datetime) -> None:
    now = Delivery.objects.locked().filter(pk=delivery.pk, state=DeliveryState.WAITING).first()
    if now is None:  # its lease was over, and another has sent it
        return
    if to == DeliveryState.SENT:
        Delivery.objects.filter(pk=now.pk).update(sent_at=at, last_error="")
    follow(DELIVERY_TRANSITIONS, now, to=to, at=at, program_id=now.program_id, payload={"attempts": now.attempts})


def _note_failure(delivery: Delivery, trouble: Exception, *, at: datetime) -> None:
    error = rules.one_line(f"{type(trouble).__name__}: {trouble}", at_most=500)
    log.warning("notifications.delivery.refused", delivery=str(delivery.pk), attempts=delivery.attempts, error=error)
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING).update(
            due_at=at + rules.pause_after(delivery.attempts, chance=_CHANCE), last_error=error
        )
        if delivery.attempts >= rules.ATTEMPTS_AT_MOST or _is_final(trouble):
            _settle(delivery, to=DeliveryState.FAILED, at=at)


def _is_final(trouble: Exception) -> bool:
    """Whether the mail server will never take it: there is no such mailbox, or not for us."""
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in trouble.recipients.values())
    return isinstance(trouble, smtplib.SMTPDataError) and 500 <= trouble.smtp_code < 600
