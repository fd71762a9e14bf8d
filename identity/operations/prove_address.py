"""Take a wallet address for somebody's, because they have signed with its key."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.operations import record
from identity import proofs
from identity.errors import AddressTaken, ProofExpired, ProofForAnotherSite, ProofNotAskedFor, ProofUsed
from identity.models import AddressChallenge, User, WalletAddress
from identity.operations.ask_for_proof import site


@transaction.atomic
def prove_address(text: str, *, signature: str, by: User, at: datetime) -> WalletAddress:
    """Record that ``by`` holds the key of the address that ``text`` names; one that is theirs already is proven anew.

    :raises ProofMakesNoSense: if text or signature don't have the form of one.
    :raises ProofForAnotherSite: if the text names another site.
    :raises ProofNotAskedFor: if the text is none that ``by`` was given, letter by letter.
    :raises ProofUsed: if it was used.
    :raises ProofExpired: if its time is over.
    :raises SignatureWrong: if another key than the address's has signed.
    :raises AddressTaken: if another account has proven the address.
    """
    wording = proofs.read_wording(text)
    if wording.domain != site():
        raise ProofForAnotherSite(domain=wording.domain)
    given = AddressChallenge.objects.select_for_update(no_key=True, of=("self",))
    challenge = given.filter(user=by, nonce=wording.nonce).first()
    if challenge is None or challenge.text != text:
        raise ProofNotAskedFor
    if challenge.used_at is not None:
        raise ProofUsed
    if challenge.expires_at <= at:
        raise ProofExpired(expired_at=challenge.expires_at.isoformat())
    proofs.check_signature(signature, text=text, address=wording.address)

    challenge.used_at = at
    challenge.save(update_fields=("used_at",))
    proven = _held(wording, by=by, at=at)
    if proven.user_id != by.pk:
        raise AddressTaken
    proven.chain_id, proven.proven_at = wording.chain_id, at
    proven.save(update_fields=("chain_id", "proven_at"))

    record(
        "identity.wallet_address.proven",
        subject=proven,
        at=at,
        payload={"user": str(by.pk), "chain_id": wording.chain_id},
    )
    return proven


def _held(wording: proofs.Wording, *, by: User, at: datetime) -> WalletAddress:
    """Return the row of the address, locked; the first who proves it makes it."""
    try:
        with transaction.atomic():
            return WalletAddress.objects.create(
                user=by, address=wording.address, chain_id=wording.chain_id, proven_at=at
            )
    except IntegrityError:
        return WalletAddress.objects.locked().get(address=wording.address)
