"""Note when a key was last used."""

from datetime import datetime

from django.db.models import Q

from identity import rules
from identity.models import ApiKey


def note_key_use(*, key: ApiKey, at: datetime) -> None:
    """Note the use, at most once a minute: every request would be a write too many. No line of the journal."""
    limit = at - rules.KEY_USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= limit:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=limit)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
