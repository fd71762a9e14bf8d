"""What is refused about payments."""

from wallets.errors.holding import WalletRefused


class UnknownPayment(WalletRefused):
    """Raised when the program has no such payment."""

    code = "unknown_payment"
    status = 404
    message = "There is no payment {payment} in this program."


class NotRefundable(WalletRefused):
    """Raised when a payment is to be refunded that is not paid, or was charged back."""

    code = "not_refundable"
    status = 409
    message = "The payment is {state}: there is nothing to refund."


class RefundTooLarge(WalletRefused):
    """Raised when all refunds together would be more than was paid."""

    code = "refund_too_large"
    status = 409
    message = "{paid} was paid and {refunded} refunded: {asked} is more than the {left} that are left."


class NotChargeable(WalletRefused):
    """Raised when a payment is to be charged back that no rail has carried, or that has nothing left."""

    code = "not_chargeable"
    status = 409
    message = "This payment can't be charged back: {reason}."


class NotDirect(WalletRefused):
    """Raised when a payment is to be proven or given up that was paid from a wallet."""

    code = "payment_not_direct"
    status = 409
    message = "This payment was made from a wallet: no rail has to prove it."


class ReceiptUsed(WalletRefused):
    """Raised when a receipt proves another payment already, or another receipt proves this one."""

    code = "receipt_used"
    status = 409
    message = "{receipt} can't prove this payment: a receipt proves one payment, and a payment has one."
