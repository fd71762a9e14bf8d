"""Why commission rates are not what somebody asks them to be."""

from audit.errors import DomainError


class RatesMakeNoSense(DomainError):
    """Raised when a rate is no fraction from 0 to 1, the two exceed 1 together, or no moment is one to begin at."""

    code = "rates_make_no_sense"
    status = 422
    message = "The terms make no sense: {reason}."


class TermsNeedProposal(DomainError):
    """Raised when somebody alone changes the commission rates of a program that stands."""

    code = "terms_need_proposal"
    status = 409
    message = "Two people decide on commission rates: propose them, as identity.change_terms."


class TermsReachBack(DomainError):
    """Raised when terms are to begin before they can be written: what was paid keeps the rate that it had."""

    code = "terms_reach_back"
    status = 409
    message = "These terms can begin at {earliest} at the earliest, and not at {valid_from}."


class TermsChanged(DomainError):
    """Raised when terms were agreed on after the ones that were voted on were proposed."""

    code = "terms_changed"
    status = 409
    message = "Other terms were agreed on since this was proposed. Look at them, and propose anew."


class NoTerms(DomainError):
    """Raised when a program has no commission rates at the moment that they are asked for."""

    code = "no_terms"
    status = 409
    message = "{program} has no commission rates at {at}. Propose them, as identity.change_terms."
