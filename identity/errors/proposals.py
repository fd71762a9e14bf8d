"""Why a proposal or a vote is refused."""

from audit.errors import DomainError


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


class VoterIsConcerned(DomainError):
    """Raised when somebody votes on what is about themselves."""

    code = "voter_is_concerned"
    status = 403
    message = "This proposal is about you, so you have no vote on it."


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
    """Raised when somebody holds the role that votes for less time than the program asks for."""

    code = "role_too_young"
    status = 403
    message = "You have held a role that may vote on this for less than {needed}."


class SecondFactorTooYoung(DomainError):
    """Raised when somebody votes with a second factor that they set up shortly after their former one was reset."""

    code = "second_factor_too_young"
    status = 403
    message = "Your second factor was reset less than {needed} ago. Your vote counts again after that."


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


class NeedsProposal(DomainError):
    """Raised when somebody tries alone what takes two people."""

    code = "needs_proposal"
    status = 409
    message = "The role {role} can move money, so two people decide on it: propose it."
