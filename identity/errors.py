"""Why identity says no."""

from audit.errors import DomainError


class SlugTaken(DomainError):
    """Raised when another program already has the slug."""

    code = "slug_taken"
    status = 409
    message = "A program with the slug {slug} exists already."


class EmailTaken(DomainError):
    """Raised when another person already signs in with the address."""

    code = "email_taken"
    status = 409
    message = "Somebody signs in with {email} already."


class MembershipExists(DomainError):
    """Raised when the person already has the role in the program."""

    code = "membership_exists"
    status = 409
    message = "This person is already {role} in {program}."


class UnknownTimeZone(DomainError):
    """Raised when a time zone is not one of the IANA database."""

    code = "unknown_time_zone"
    status = 422
    message = "There is no time zone called {time_zone}."


class HouseHasOwner(DomainError):
    """Raised when somebody would become the first owner of a house that has one."""

    code = "house_has_owner"
    status = 409
    message = "The house has an owner already. Further owners are proposed and agreed on by two people."


class UnknownKind(DomainError):
    """Raised when something is proposed that nobody has said how to carry out."""

    code = "unknown_proposal_kind"
    status = 422
    message = "Nothing of the kind {kind} can be proposed."


class PolicyUnsatisfiable(DomainError):
    """Raised when no people exist who could give the votes that a proposal or a policy asks for."""

    code = "policy_unsatisfiable"
    status = 409
    message = "This needs {needed} votes of {roles}, and only {available} people could give one."


class PolicyMakesNoSense(DomainError):
    """Raised when the bands of a policy don't begin at zero, don't rise, or ask for no votes or unknown roles."""

    code = "policy_makes_no_sense"
    status = 422
    message = "The policy makes no sense: {reason}."


class VoterIsMaker(DomainError):
    """Raised when somebody votes on what they made, edited or submitted themselves."""

    code = "voter_is_maker"
    status = 403
    message = "You made this proposal or changed it, so you have no vote on it."


class ProposalChanged(DomainError):
    """Raised when a vote names another revision or digest than the one that stands now."""

    code = "proposal_changed"
    status = 409
    message = "The proposal has changed since you read it: revision {revision} stands now. Read it again."


class NotAnApprover(DomainError):
    """Raised when the policy gives somebody no vote: none of their roles in the program is asked for."""

    code = "not_an_approver"
    status = 403
    message = "A vote on this needs one of the roles {roles}."


class RoleTooYoung(DomainError):
    """Raised when somebody holds the role that votes for less than 24 hours."""

    code = "role_too_young"
    status = 403
    message = "You have held a role that may vote on this for less than 24 hours."


class AlreadyVoted(DomainError):
    """Raised when somebody votes on one revision a second time."""

    code = "already_voted"
    status = 409
    message = "You have voted on this revision already."


class ProposalExpired(DomainError):
    """Raised when a proposal is voted on, changed or carried out after its time."""

    code = "proposal_expired"
    status = 409
    message = "The proposal expired at {expired_at}. Propose it anew."


class NotTheMaker(DomainError):
    """Raised when somebody recalls a proposal that neither they made nor their role lets them recall."""

    code = "not_the_maker"
    status = 403
    message = "Only those who made this proposal can recall it."


class UnknownPerson(DomainError):
    """Raised when nobody who is active signs in with the address that was named."""

    code = "unknown_person"
    status = 422
    message = "Nobody signs in with this address. They sign up first."


class UnknownRole(DomainError):
    """Raised when a role is named that does not exist."""

    code = "unknown_role"
    status = 422
    message = "There is no role called {role}."


class NeedsProposal(DomainError):
    """Raised when somebody tries alone what takes two people."""

    code = "needs_proposal"
    status = 409
    message = "The role {role} can move money, so two people decide on it: propose it."


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
    message = "This key was used for another request: {fields} differ."


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
