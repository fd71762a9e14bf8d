"""Let an affiliate begin, stop it, let it go on, or end with it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from affiliates.errors import StillEarning
from affiliates.models import Affiliate, Commission
from affiliates.operations.release_commissions import release_commissions
from affiliates.queries import people
from affiliates.queries.balances import open_balances
from affiliates.rules import HELD_WITH_ITS_AFFILIATE
from affiliates.states import AFFILIATE_TRANSITIONS, AffiliateState, CommissionState
from audit.errors import WrongState
from audit.operations import follow
from ledger.money import plain
from wallets.queries.checking import require_reason


@transaction.atomic
def change_affiliate_state(
    affiliate_id: UUID, *, program_id: UUID, to: AffiliateState, only_from: AffiliateState | None = None, reason: str,
    at: datetime,
) -> Affiliate:  # fmt: skip
    """Follow the affiliate's states. One that goes on again has what was held because of it released.

    ``only_from`` says where it has to stand: to begin and to go on again are two things, and both make it active.

    :raises UnknownAffiliate: if the program has no such affiliate.
    :raises StillEarning: if it is to be closed with something unpaid.
    :raises WrongState: if it can't become this from where it is.
    """
    reason = require_reason(reason)
    affiliate = people.locked_affiliate(affiliate_id, program_id=program_id)
    if only_from is not None and affiliate.state != only_from:
        raise WrongState(subject="affiliate", state=affiliate.state, wanted=to, possible=[])
    if to == AffiliateState.CLOSED:
        for asset, amount in open_balances(affiliate):
            raise StillEarning(amount=plain(amount), asset=asset)

    follow(
        AFFILIATE_TRANSITIONS, affiliate, to=to, at=at, program_id=program_id, payload={"reason": reason},
        values={"state_reason": reason},
    )  # fmt: skip
    if to == AffiliateState.ACTIVE:
        held = Commission.objects.filter(
            affiliate=affiliate, state=CommissionState.HELD, held_reason=HELD_WITH_ITS_AFFILIATE
        ).values_list("pk", flat=True)
        release_commissions(list(held), program_id=program_id, reason=reason, at=at)
    return affiliate
