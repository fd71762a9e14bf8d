"""Why a wallet address is not taken for somebody's."""

from audit.errors import DomainError


class AddressMakesNoSense(DomainError):
    """Raised when a wallet address has another form, or a wrong checksum."""

    code = "address_makes_no_sense"
    status = 422
    message = "This is no wallet address: {reason}."


class AddressTaken(DomainError):
    """Raised when somebody proves an address that another account has proven."""

    code = "address_taken"
    status = 409
    message = "This address belongs to another account here. An address belongs to one person."


class ProofMakesNoSense(DomainError):
    """Raised when a signed text or a signature does not have the form of one."""

    code = "proof_makes_no_sense"
    status = 422
    message = "The proof makes no sense: {reason}."


class ProofForAnotherSite(DomainError):
    """Raised when what was signed is for another site. Somebody may be passing on what they were tricked into."""

    code = "proof_for_another_site"
    status = 422
    message = "This was signed for {domain}, and not for this site."


class ProofNotAskedFor(DomainError):
    """Raised when a signed text is none that this person was given: another's, made up, or changed."""

    code = "proof_not_asked_for"
    status = 422
    message = "This is not a text that you were given to sign. Ask for one."


class ProofUsed(DomainError):
    """Raised when a proof comes a second time."""

    code = "proof_used"
    status = 409
    message = "This proof was used. Ask for another text to sign."


class ProofExpired(DomainError):
    """Raised when a proof comes later than its text allows."""

    code = "proof_expired"
    status = 409
    message = "This text was to be signed until {expired_at}. Ask for another one."


class SignatureWrong(DomainError):
    """Raised when a text was signed with another key than the address's."""

    code = "signature_wrong"
    status = 422
    message = "This signature was not made with the key of {signer}."
