"""Give somebody a text to sign with the key of a wallet address."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from identity import proofs
from identity.models import AddressChallenge, User

# Long enough to tell somebody that a text has expired, and not that there never was one.
_REMEMBERED: Final = timedelta(days=1)


@transaction.atomic
def ask_for_proof(address: str, *, chain_id: int, by: User, at: datetime) -> AddressChallenge:
    """Return the text that proves ``address`` once it is signed: by this person, on this site, once, within minutes.

    :raises AddressMakesNoSense: if it is no address, or its checksum is wrong.
    """
    begins = at.replace(microsecond=0)
    wording = proofs.Wording(
        domain=site(),
        address=proofs.read_address(address),
        uri=settings.PUBLIC_URL,
        chain_id=chain_id,
        nonce=secrets.token_hex(proofs.NONCE_BYTES),
        issued_at=begins,
        expires_at=begins + proofs.LASTS,
    )

    AddressChallenge.objects.filter(user=by, expires_at__lt=at - _REMEMBERED).delete()
    return AddressChallenge.objects.create(
        user=by, nonce=wording.nonce, text=proofs.wording_text(wording), expires_at=wording.expires_at
    )


def site() -> str:
    """Return the name under which people know this site; wallets warn who signs for another one."""
    return urlsplit(settings.PUBLIC_URL).netloc.rpartition("@")[2].lower()
