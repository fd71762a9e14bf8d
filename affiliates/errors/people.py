"""What is refused about affiliates, members, rates and payout methods."""

from audit.errors import DomainError


class AffiliateRefused(DomainError):
    """Raised when something can't be done about affiliates; each reason has a subclass with its own code."""

    code = "affiliate_refused"
    status = 422
    message = "This can't be done with the affiliate."


class UnknownAffiliate(AffiliateRefused):
    """Raised when the program has no such affiliate."""

    code = "unknown_affiliate"
    status = 404
    message = "There is no affiliate {affiliate} in this program."


class AffiliateTaken(AffiliateRefused):
    """Raised when somebody, or an address, is an affiliate of the program already."""

    code = "affiliate_taken"
    status = 409
    message = "There is an affiliate with {what} in this program already."


class BadCode(AffiliateRefused):
    """Raised when a referral code can't be one."""

    code = "bad_code"
    status = 422
    message = "A referral code has 3 to 32 letters, digits and single hyphens, and is no word of ours."


class CodeTaken(AffiliateRefused):
    """Raised when somebody has the referral code, in whichever program."""

    code = "code_taken"
    status = 409
    message = "The code {code} is taken."


class NotOpenToAffiliates(AffiliateRefused):
    """Raised when the program lets nobody become an affiliate by themselves."""

    code = "not_open_to_affiliates"
    status = 409
    message = "{program} takes no affiliates by themselves: ask its staff."


class ProgramTakesNobody(AffiliateRefused):
    """Raised when somebody registers or claims in a program that is paused or closed."""

    code = "program_takes_nobody"
    status = 409
    message = "{program} is {status}: nobody registers or claims there."


class StandsInACircle(AffiliateRefused):
    """Raised when an affiliate would come to stand under one who stands under it."""

    code = "stands_in_a_circle"
    status = 409
    message = "{affiliate} would stand under itself."


class TreeTooDeep(AffiliateRefused):
    """Raised when an affiliate would stand too far below the top."""

    code = "tree_too_deep"
    status = 409
    message = "A tree of affiliates has at most {most} levels."


class ParentNotActive(AffiliateRefused):
    """Raised when somebody would come under an affiliate that is not active."""

    code = "parent_not_active"
    status = 409
    message = "The affiliate {code} is {state}, so nobody comes under it."


class SelfReferral(AffiliateRefused):
    """Raised when a member would be brought by the same person, or by one whose parent is."""

    code = "self_referral"
    status = 409
    message = "Nobody earns from what they settle themselves: the two are the same {what}."


class AffiliateNotActive(AffiliateRefused):
    """Raised when something needs an active affiliate."""

    code = "affiliate_not_active"
    status = 409
    message = "The affiliate is {state}."


class StillEarning(AffiliateRefused):
    """Raised when an affiliate is closed with money that is not paid, or not taken back."""

    code = "still_earning"
    status = 409
    message = "{amount} {asset} is not paid yet: an affiliate is closed once nothing is open."


class UnknownMember(AffiliateRefused):
    """Raised when the program has no such member."""

    code = "unknown_member"
    status = 404
    message = "There is no member {member} in this program."


class MemberTaken(AffiliateRefused):
    """Raised when the address, or the person, is a member already, and is not the same as asked for."""

    code = "member_taken"
    status = 409
    message = "{what} is a member of this program already."


class MemberNotRegistered(AffiliateRefused):
    """Raised when a member has to be registered for what was asked, and is not, or is suspended."""

    code = "member_not_registered"
    status = 409
    message = "The member is {state}."


class AddressNotProven(AffiliateRefused):
    """Raised when somebody registers with an address that they have not signed for."""

    code = "address_not_proven"
    status = 403
    message = "Prove first that {address} is yours: sign the text that is given for it."


class UnknownTier(AffiliateRefused):
    """Raised when the program has no such tier."""

    code = "unknown_tier"
    status = 404
    message = "There is no tier {tier} in this program."


class TierTaken(AffiliateRefused):
    """Raised when a tier of the name is there."""

    code = "tier_taken"
    status = 409
    message = "There is a tier called {name} already."


class BadRates(AffiliateRefused):
    """Raised when rates are none, or more than everything."""

    code = "bad_rates"
    status = 422
    message = "These rates make no sense: {reason}."


class RatesReachBack(AffiliateRefused):
    """Raised when rates are to hold from a moment that has passed."""

    code = "rates_reach_back"
    status = 422
    message = "Rates begin from {earliest} on, not {valid_from}: what was worked out stays."


class RatesChanged(AffiliateRefused):
    """Raised when rates are agreed on that were proposed beside others."""

    code = "rates_changed"
    status = 409
    message = "Other rates were decided on since this was proposed: propose it anew."


class NothingChanges(AffiliateRefused):
    """Raised when an affiliate is put where it stands."""

    code = "nothing_changes"
    status = 422
    message = "It stands like that already."


class UnknownMethod(AffiliateRefused):
    """Raised when the affiliate has no such payout method."""

    code = "unknown_method"
    status = 404
    message = "There is no payout method {method} here."


class BadDestination(AffiliateRefused):
    """Raised when a payout method's destination is none of its kind."""

    code = "bad_destination"
    status = 422
    message = "This can't be paid to: {reason}."


class MethodTaken(AffiliateRefused):
    """Raised when the affiliate has the payout method."""

    code = "method_taken"
    status = 409
    message = "This payout method is there already."


class VerifiedByOneself(AffiliateRefused):
    """Raised when a payout method is verified by who added it, or by the affiliate themselves."""

    code = "verified_by_oneself"
    status = 409
    message = "Somebody else has to say that the payout method is theirs: not who added it, and not the affiliate."


class MethodCooling(AffiliateRefused):
    """Raised when a payout method is to be used before it has cooled."""

    code = "method_cooling"
    status = 409
    message = "The payout method can be used from {usable_at} on."


class BadLine(AffiliateRefused):
    """Raised when a line of a file says what can't be brought in."""

    code = "bad_line"
    status = 422
    message = "{reason}"
