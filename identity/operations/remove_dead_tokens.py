"""Forget sign-ins of the API that ended long ago."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from audit.rules import first_id_after
from identity import rules
from identity.models import RefreshToken, TokenFamily
from identity.operations.sweep import sweep


def remove_dead_tokens(*, at: datetime) -> int:
    """Remove refresh tokens that expired, or whose sign-in was ended, thirty days ago; and sign-ins without any token.

    Until then somebody may still want to see what a stolen one was used for. An expired token opens nothing whether its
    row is there or not, so no thief gains by it.
    """
    limit = at - rules.DEAD_TOKENS_KEPT
    # Whatever ended by then began before: ids have an index and these times have none.
    is_old = Q(pk__lt=first_id_after(limit))
    ended = TokenFamily.objects.filter(is_old, revoked_at__lt=limit).values("pk")
    tokens = RefreshToken.objects.filter(is_old, Q(expires_at__lt=limit) | Q(family__in=ended))
    has_token = Exists(RefreshToken.objects.filter(family=OuterRef("pk")))
    return sweep(tokens) + sweep(TokenFamily.objects.filter(is_old, ~has_token, created_at__lt=limit))
