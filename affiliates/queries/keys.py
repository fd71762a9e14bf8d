"""What things are called by those who ask for them: of the program and of what is asked, in lower case."""

from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

REGISTER: Final = "REGISTER"
CLAIM: Final = "CLAIM"
COMMERCE: Final = "COMMERCE"
SETTLEMENT: Final = "SETTLEMENT"


def registration_key(program_id: UUID, wallet_address: str) -> str:
    """Return the key of a registration."""
    return f"{REGISTER}:{program_id}:{wallet_address.lower()}"


def claim_key(program_id: UUID, wallet_address: str, reference: str) -> str:
    """Return the key of a claim."""
    return f"{CLAIM}:{program_id}:{wallet_address.lower()}:{reference.lower()}"


def claim_id(program_id: UUID, wallet_address: str, reference: str) -> UUID:
    """Return the id that a claim will have: it is told before a worker has written the claim."""
    return uuid5(NAMESPACE_URL, claim_key(program_id, wallet_address, reference))


def charge_key(program_id: UUID, charge: str) -> str:
    """Return the key of a charge that is expected."""
    return f"{COMMERCE}:{program_id}:{charge.lower()}"


def proof_key(settlement_id: UUID) -> str:
    """Return the key under which a settlement is settled."""
    return f"{SETTLEMENT}:{settlement_id}"


def charge_event(charge: str) -> str:
    """Return what a charge's settlement is called."""
    return f"charge:{charge.lower()}"
