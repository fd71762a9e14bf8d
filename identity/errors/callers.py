"""Why a caller of the API is refused: keys, tokens, second factors, idempotency."""

from audit.errors import DomainError


class ProgramRequired(DomainError):
    """Raised when a caller of several programs does not say in which one a request is to act."""

    code = "program_required"
    status = 400
    message = "Name the program: send its slug as `X-Program` or `?program=`."


class UnknownScope(DomainError):
    """Raised when a key is to carry what no key can carry."""

    code = "unknown_scope"
    status = 422
    message = "A key can't carry {scopes}."


class ScopeNotHeld(DomainError):
    """Raised when somebody would give a key more than they may do themselves."""

    code = "scope_not_held"
    status = 403
    message = "You can't give away what you don't hold: {scopes}."


class KeyNeedsProposal(DomainError):
    """Raised when somebody alone would make a key that can move money."""

    code = "key_needs_proposal"
    status = 409
    message = "A key with {scopes} can move money, so two people decide on it: propose it."


class KeyNeedsNoProposal(DomainError):
    """Raised when a key is proposed that moves no money."""

    code = "key_needs_no_proposal"
    status = 422
    message = "This key moves no money: make it without a proposal."


class KeyExpiryOutOfRange(DomainError):
    """Raised when a key would expire in the past, or later than a year from now."""

    code = "key_expiry_out_of_range"
    status = 422
    message = "A key expires after now and within {days} days."


class KeyMakesNoSense(DomainError):
    """Raised when a proposed key has no name, or an expiry that is no instant."""

    code = "key_makes_no_sense"
    status = 422
    message = "The key makes no sense: {reason}."


class KeyRevoked(DomainError):
    """Raised when a key that was revoked is to be revoked or collected."""

    code = "key_revoked"
    status = 409
    message = "This key was revoked."


class KeyCollected(DomainError):
    """Raised when the secret of an approved key is asked for a second time."""

    code = "key_collected"
    status = 409
    message = "The secret of this key was shown once. Revoke the key and propose another one."


class IdempotencyKeyRequired(DomainError):
    """Raised when a request that must happen once comes without a key."""

    code = "idempotency_key_required"
    status = 400
    message = "Send an `Idempotency-Key`, the same one whenever you send this request again."


class IdempotencyKeyInvalid(DomainError):
    """Raised when a key is too long, or holds spaces or characters beyond ASCII."""

    code = "idempotency_key_invalid"
    status = 400
    message = "An idempotency key has 1 to {limit} visible ASCII characters."


class IdempotencyKeyReserved(DomainError):
    """Raised when a key begins like one of the house's own."""

    code = "idempotency_key_reserved"
    status = 400
    message = "Keys that begin with one of {prefixes} are the house's own."


class IdempotencyKeysDiffer(DomainError):
    """Raised when the header and the body name two different keys."""

    code = "idempotency_keys_differ"
    status = 400
    message = "The header `Idempotency-Key` and the field `idempotency_key` differ."


class IdempotencyMismatch(DomainError):
    """Raised when a key was used before for another request; `params.fields` names what differs."""

    code = "idempotency_mismatch"
    status = 409
    message = "This key was used for another request, which differs in: {fields}."


class SecondFactorRequired(DomainError):
    """Raised when something is asked for that needs a second factor shown in the last five minutes."""

    code = "second_factor_required"
    status = 403
    message = "Show your second factor again: this needs one no older than {minutes} minutes."


class SecondFactorCodeRequired(DomainError):
    """Raised when an account with a second factor signs in at the API without a code."""

    code = "second_factor_code_required"
    status = 403
    message = "This account has a second factor: send a `code` from the authenticator app, or a recovery code."


class SecondFactorWrong(DomainError):
    """Raised when a one-time code is wrong, or was used before."""

    code = "second_factor_wrong"
    status = 403
    message = "This code is wrong or was used before."


class EmailNotVerified(DomainError):
    """Raised when somebody signs in at the API with an address that was never confirmed."""

    code = "email_not_verified"
    status = 403
    message = "Confirm your address first: follow the link in the mail."


class SignInLocked(DomainError):
    """Raised when there were too many wrong attempts to sign in."""

    code = "sign_in_locked"
    status = 429
    message = "Too many attempts. Try again in {retry_after_seconds} seconds."
