"""Put an affiliate under another, or into another tier."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.errors import NothingChanges, ParentNotActive
from affiliates.models import Affiliate, Standing
from affiliates.operations.tree_refusals import tree_refusals
from affiliates.queries import people
from affiliates.states import AffiliateState
from audit import context
from audit.operations import record
from wallets.queries.checking import require_reason


@transaction.atomic
def move_affiliate(
    affiliate_id: UUID, *, program_id: UUID, parent_id: UUID | None, tier_id: UUID | None, reason: str, at: datetime
) -> Affiliate:
    """Let an affiliate stand under this parent and in this tier from now on; what was earned until now stays.

    :raises UnknownAffiliate: if the program has no such affiliate or parent.
    :raises UnknownTier: if it has no such tier.
    :raises NothingChanges: if it stands like that.
    :raises ParentNotActive: if the parent is not active.
    :raises StandsInACircle: if it would stand under itself.
    :raises TreeTooDeep: if it, or who stands under it, would stand too far below the top.
    :raises SelfReferral: if the parent would earn from what the same person settles.
    """
    reason = require_reason(reason)
    affiliate = people.locked_affiliate(affiliate_id, program_id=program_id)
    parent = people.affiliate_of(parent_id, program_id=program_id) if parent_id else None
    tier = people.tier_of(tier_id, program_id=program_id) if tier_id else None
    if (affiliate.parent_id, affiliate.tier_id) == (parent_id, tier_id):
        raise NothingChanges
    if parent is not None and parent_id != affiliate.parent_id and parent.state != AffiliateState.ACTIVE:
        raise ParentNotActive(code=parent.code, state=parent.get_state_display().lower())

    before = {"parent": affiliate.parent_id and str(affiliate.parent_id), "tier": str(affiliate.tier_id or "")}
    affiliate.parent, affiliate.tier, affiliate.last_standing = parent, tier, affiliate.last_standing + 1
    with transaction.atomic(), tree_refusals(affiliate):
        affiliate.save(update_fields=("parent", "tier", "last_standing"))
    actor = context.current().actor
    Standing.objects.create(
        program_id=program_id, affiliate=affiliate, number=affiliate.last_standing, parent=parent, tier=tier,
        valid_from=at, recorded_by=f"{actor.type}:{actor.id}", reason=reason,
    )  # fmt: skip

    record(
        "affiliates.affiliate.moved", subject=affiliate, at=at, program_id=program_id,
        payload={
            "from": before, "to": {"parent": parent and str(parent.pk), "tier": str(tier_id or "")}, "reason": reason,
        },
    )  # fmt: skip
    return affiliate
