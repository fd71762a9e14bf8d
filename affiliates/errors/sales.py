"""What is refused about claims, charges and settlements."""

from audit.errors import DomainError


class SettlementRefused(DomainError):
    """Raised when a settlement or a claim can't be as asked; each reason has a subclass with its own code."""

    code = "settlement_refused"
    status = 422
    message = "This can't be done with the settlement."


class UnknownSettlement(SettlementRefused):
    """Raised when the program has no such settlement."""

    code = "unknown_settlement"
    status = 404
    message = "There is no settlement {settlement} in this program."


class SettlementTaken(SettlementRefused):
    """Raised when the same event is told of with another amount, asset or member."""

    code = "settlement_taken"
    status = 409
    message = "{source_event} is known, and otherwise: {fields}."


class SettlementNotProven(SettlementRefused):
    """Raised when something is taken back of a settlement before it is proven. It can be tried again."""

    code = "settlement_not_proven"
    status = 409
    message = "The settlement is {state}: it is not proven yet."


class ReceiptTaken(SettlementRefused):
    """Raised when a receipt would settle a second time."""

    code = "receipt_taken"
    status = 409
    message = "The receipt {receipt} has settled something before."


class ProofDiffers(SettlementRefused):
    """Raised when what is proven is another amount, asset or address than was expected."""

    code = "proof_differs"
    status = 409
    message = "{told} was proven, and {expected} was expected."


class ReversalTooLarge(SettlementRefused):
    """Raised when more would be taken back than is left, or more won back than was taken."""

    code = "reversal_too_large"
    status = 409
    message = "{asked} {asset} can't be taken back: {left} is left."


class ReversalConflict(SettlementRefused):
    """Raised when a reversal's key was used for something else."""

    code = "reversal_conflict"
    status = 409
    message = "The key {key} was used for another reversal: {fields}."


class NotThisAsset(SettlementRefused):
    """Raised when something is settled in points, or in an asset that is none."""

    code = "not_this_asset"
    status = 422
    message = "{asset} is not settled here."


class BadReceipt(SettlementRefused):
    """Raised when a transaction's hash or chain is none."""

    code = "bad_receipt"
    status = 422
    message = "A receipt is named by its chain and by 0x and 64 hexadecimal digits."


class UnknownChain(SettlementRefused):
    """Raised when the program has no account on a chain for the asset."""

    code = "unknown_chain"
    status = 422
    message = "{program} takes no {asset} on the chain {chain}."


class UnknownClaim(SettlementRefused):
    """Raised when the program has no such claim."""

    code = "unknown_claim"
    status = 404
    message = "There is no claim {claim} in this program."


class ClaimsClosed(SettlementRefused):
    """Raised when the program takes no claims now."""

    code = "claims_closed"
    status = 409
    message = "{program} takes no claims."


class ClaimOutOfBounds(SettlementRefused):
    """Raised when a claim is for less or more than the program takes."""

    code = "claim_out_of_bounds"
    status = 422
    message = "A claim is for {least} to {most} {asset}."


class TooManyClaims(SettlementRefused):
    """Raised when a member has made as many claims as a day allows."""

    code = "too_many_claims"
    status = 429
    message = "A member makes at most {most} claims within a day."


class ClaimTaken(SettlementRefused):
    """Raised when a member's claim of the name is there, and says something else."""

    code = "claim_taken"
    status = 409
    message = "The member has a claim {reference} already."


class BadReference(SettlementRefused):
    """Raised when a claim's or a charge's name is none."""

    code = "bad_reference"
    status = 422
    message = "A reference has 1 to 80 letters, digits and . _ : -"
