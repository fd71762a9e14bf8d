"""Worked examples: what happens to money, told as postings, and the balances an accountant expects at the end.

A sentence reads ``KIND debit > credit amount``; several movements of one transaction are apart by ``;``, sentences by
``|``. What is not named at the end must be zero.
"""

from dataclasses import dataclass

ALIASES = {
    "float": "rail:mpesa:float", "clearing": "rail:mpesa:clearing", "flight": "rail:mpesa:in_flight",
    "suspense": "rail:mpesa:suspense", "rail_fees": "rail:mpesa:fees", "settlements": "system:settlements",
    "payouts": "system:payouts", "treasury": "system:treasury", "fx": "system:fx", "revenue": "program:acme:revenue",
    "fees": "program:acme:fees", "expense": "program:acme:expense", "discounts": "program:acme:discounts",
    "bad_debt": "program:acme:bad_debt", "tax": "program:acme:tax", "withheld": "program:acme:withholding",
    "capital": "program:acme:capital", "retained": "program:acme:retained", "al": "wallet:al",
    "al_held": "wallet:al:reserved", "al_owes": "wallet:al:owed", "bo": "wallet:bo", "shop": "wallet:shop",
    "shop_held": "wallet:shop:reserved", "shop_owes": "wallet:shop:owed", "aff": "affiliate:x:liability",
    "aff_held": "affiliate:x:reserved", "up": "affiliate:up:liability", "up_held": "affiliate:up:reserved",
    "agent": "agent:g:receivable", "escrow": "escrow:o1", "leg": "intent:i1", "out": "outgoing:p1",
}  # fmt: skip

TOPPED_UP = "TOPUP clearing > al 100 | RAIL_SETTLED float > clearing 100"
COMMISSIONED = (
    "SETTLEMENT settlements > revenue 1000 | COMMISSION expense > aff 60 | COMMISSION expense > up 20"
    " | SETTLEMENT_RECEIVED clearing > settlements 1000 | RAIL_SETTLED float > clearing 1000"
)
RESERVED = f"{COMMISSIONED} | PAYOUT_RESERVED aff > aff_held 60"
SENT = "PAYOUT_SENT flight > float 60"
BACK = "PAYOUT_BACK float > flight 60"
PAID = "PAYOUT_PAID aff_held > payouts 60; payouts > flight 60"
INVOICED = "INVOICE agent > revenue 100; agent > tax 14.40; discounts > agent 10"
ORDERED = f"{TOPPED_UP} | ORDER_PAID al > escrow 100"
AFTER_COMMISSION = "revenue 1000, expense 80"


@dataclass(frozen=True)
class Flow:
    name: str
    story: str
    end: str
    asset: str = "KES"


FLOWS = [
    # Wallets
    Flow("a top-up and the statement after it", TOPPED_UP, "float 100, al 100"),
    Flow("a statement that is net of the rail's fee",
         "TOPUP clearing > al 100 | RAIL_SETTLED float > clearing 100 | RAIL_FEE rail_fees > float 1",
         "float 99, al 100, rail_fees 1"),
    Flow("a charge-back before the statement",
         "TOPUP clearing > al 100 | CHARGEBACK al > float 100 | RAIL_SETTLED float > clearing 100", ""),
    Flow("a charge-back after the money was spent is owed, and repaid by the next credits",
         f"{TOPPED_UP} | SPEND al > revenue 80 | CHARGEBACK al > float 100 | TOPUP clearing > al 50"
         " | RAIL_SETTLED float > clearing 50 | TOPUP clearing > al 50 | RAIL_SETTLED float > clearing 50",
         "al 20, float 100, revenue 80"),
    Flow("a charge-back while everything is held is repaid by the release",
         f"{TOPPED_UP} | HOLD al > al_held 100 | CHARGEBACK al > float 100 | RELEASE al_held > al 100", ""),
    Flow("a charge-back of a direct payment that is won",
         "DIRECT_PAYMENT clearing > revenue 100 | RAIL_SETTLED float > clearing 100 | CHARGEBACK revenue > float 100"
         " | CHARGEBACK_WON clearing > revenue 100 | RAIL_SETTLED float > clearing 100",
         "revenue 100, float 100"),
    Flow("points",
         "TOPUP treasury > al 50 | BONUS treasury > al 50 | SPEND al > treasury 30 | REFUND treasury > al 10"
         " | HOLD al > al_held 5 | CAPTURE al_held > treasury 5 | ADJUSTMENT treasury > al 1",
         "al 76, treasury 76", "GC"),
    Flow("money is adjusted up and down",
         f"{TOPPED_UP} | ADJUSTMENT expense > al 5 | ADJUSTMENT al > expense 5", "float 100, al 100"),
    Flow("a transfer", f"{TOPPED_UP} | TRANSFER al > bo 40", "float 100, al 60, bo 40"),
    Flow("a bonus is the program's expense", "BONUS expense > al 30", "expense 30, al 30"),
    Flow("a hold, two captures and the release of the rest",
         f"{TOPPED_UP} | HOLD al > al_held 80 | CAPTURE al_held > bo 30 | CAPTURE al_held > revenue 20"
         " | RELEASE al_held > al 30",
         "float 100, al 50, bo 30, revenue 20"),
    Flow("a fee from a wallet", f"{TOPPED_UP} | FEE al > fees 2", "float 100, al 98, fees 2"),
    # Invoices
    Flow("an invoice paid from a wallet in two parts",
         f"{INVOICED} | {TOPPED_UP} | INVOICE_PAID al > agent 50 | TOPUP clearing > al 50"
         " | RAIL_SETTLED float > clearing 50 | INVOICE_PAID al > agent 54.40",
         "float 150, al 45.60, revenue 100, tax 14.40, discounts 10"),
    Flow("a refund opens a paid invoice again",
         f"INVOICE agent > revenue 80 | {TOPPED_UP} | INVOICE_PAID al > agent 80 | REFUND agent > al 80",
         "float 100, al 100, agent 80, revenue 80"),
    Flow("a void takes the discount back too",
         f"{INVOICED} | VOID revenue > agent 100; tax > agent 14.40; agent > discounts 10", ""),
    Flow("a void after a partial payment gives the paid part to the wallet",
         f"INVOICE agent > revenue 100 | {TOPPED_UP} | INVOICE_PAID al > agent 40"
         " | VOID revenue > agent 100; agent > al 40",
         "float 100, al 100"),
    Flow("a credit note on a paid invoice, refunded",
         "INVOICE agent > revenue 100; agent > tax 16 | DIRECT_PAYMENT clearing > agent 116"
         " | RAIL_SETTLED float > clearing 116 | CREDIT_NOTE revenue > agent 50; tax > agent 8 | REFUND agent > al 58",
         "float 116, al 58, revenue 50, tax 8"),
    Flow("a write-off, and the money comes after all",
         "INVOICE agent > revenue 100; agent > tax 16 | WRITE_OFF bad_debt > agent 116"
         " | DIRECT_PAYMENT clearing > bad_debt 116 | RAIL_SETTLED float > clearing 116",
         "float 116, revenue 100, tax 16"),
    Flow("a direct payment above the invoice",
         "INVOICE agent > revenue 100 | DIRECT_PAYMENT clearing > agent 100; clearing > al 20"
         " | RAIL_SETTLED float > clearing 120",
         "float 120, al 20, revenue 100"),
    Flow("a charge-back opens the invoice again",
         "INVOICE agent > revenue 100 | DIRECT_PAYMENT clearing > agent 100 | CHARGEBACK agent > float 100"
         " | RAIL_SETTLED float > clearing 100",
         "agent 100, revenue 100"),
    # Settlements and commissions
    Flow("a settlement received, and partly taken back by the provider",
         "SETTLEMENT settlements > revenue 100 | SETTLEMENT_RECEIVED clearing > settlements 100"
         " | RAIL_SETTLED float > clearing 100 | SETTLEMENT_REVERSED revenue > settlements 30"
         " | SETTLEMENT_RETURNED settlements > float 30",
         "float 70, revenue 70"),
    Flow("a settlement reversed, and paid back by us",
         "SETTLEMENT settlements > revenue 100 | SETTLEMENT_RECEIVED clearing > settlements 100"
         " | RAIL_SETTLED float > clearing 100 | SETTLEMENT_REVERSED revenue > settlements 30"
         " | SETTLEMENT_RETURNED settlements > out 30 | PAYOUT_SENT flight > float 30"
         " | PAYOUT_PAID out > payouts 30; payouts > flight 30",
         "float 70, revenue 70"),
    Flow("commissions clawed back in part, and the rest paid",
         f"{COMMISSIONED} | CLAWBACK aff > expense 15 | CLAWBACK up > expense 5 | PAYOUT_RESERVED aff > aff_held 45"
         " | PAYOUT_SENT flight > float 45 | PAYOUT_PAID aff_held > payouts 45; payouts > flight 45",
         "float 955, revenue 1000, expense 60, up 15"),
    Flow("a claw-back after the payout is carried against what is earned next",
         f"{RESERVED} | {SENT} | {PAID} | CLAWBACK aff > expense 15 | COMMISSION expense > aff 40"
         " | PAYOUT_RESERVED aff > aff_held 25 | PAYOUT_SENT flight > float 25"
         " | PAYOUT_PAID aff_held > payouts 25; payouts > flight 25",
         "float 915, revenue 1000, expense 105, up 20"),
    Flow("a commission voided", f"{COMMISSIONED} | COMMISSION_ADJUSTMENT aff > expense 60",
         "float 1000, revenue 1000, expense 20, up 20"),
    # Payouts
    Flow("a payout that fails, is tried again and paid",
         f"{RESERVED} | {SENT} | {BACK} | {SENT} | {PAID}", f"float 940, {AFTER_COMMISSION}, up 20"),
    Flow("a payout paid late, after it was released",
         f"{RESERVED} | {SENT} | {BACK} | PAYOUT_RELEASED aff_held > aff 60"
         " | PAYOUT_PAID_LATE aff > payouts 60; payouts > float 60",
         f"float 940, {AFTER_COMMISSION}, up 20"),
    Flow("a payout paid late, while it counted as failed",
         f"{RESERVED} | {SENT} | {BACK} | PAYOUT_PAID_LATE aff_held > payouts 60; payouts > float 60",
         f"float 940, {AFTER_COMMISSION}, up 20"),
    Flow("the first attempt is paid late, when the second was paid",
         f"{RESERVED} | {SENT} | {BACK} | {SENT} | {PAID} | PAYOUT_PAID_LATE aff > payouts 60; payouts > float 60",
         f"float 880, aff -60, {AFTER_COMMISSION}, up 20"),
    Flow("a payout that comes back",
         f"{RESERVED} | {SENT} | {PAID} | PAYOUT_RETURNED clearing > aff 60 | RAIL_SETTLED float > clearing 60",
         f"float 1000, aff 60, {AFTER_COMMISSION}, up 20"),
    Flow("tax withheld, and remitted",
         f"{RESERVED} | PAYOUT_SENT flight > float 57"
         " | PAYOUT_PAID aff_held > payouts 57; payouts > flight 57; aff_held > withheld 3"
         " | TAX_REMITTED withheld > out 3 | PAYOUT_SENT flight > float 3"
         " | PAYOUT_PAID out > payouts 3; payouts > flight 3",
         f"float 940, {AFTER_COMMISSION}, up 20"),
    Flow("a payout that comes back, and what was withheld with it",
         f"{RESERVED} | PAYOUT_SENT flight > float 57"
         " | PAYOUT_PAID aff_held > payouts 57; payouts > flight 57; aff_held > withheld 3"
         " | PAYOUT_RETURNED clearing > aff 57; withheld > aff 3 | RAIL_SETTLED float > clearing 57",
         f"float 1000, aff 60, {AFTER_COMMISSION}, up 20"),
    Flow("late proof of a payout that was given up, with what is withheld from it",
         f"{RESERVED} | PAYOUT_SENT flight > float 57 | PAYOUT_BACK float > flight 57"
         " | PAYOUT_RELEASED aff_held > aff 60"
         " | PAYOUT_PAID_LATE aff > payouts 57; payouts > float 57; aff > withheld 3",
         f"float 943, withheld 3, {AFTER_COMMISSION}, up 20"),
    Flow("late proof of a payout that failed, with what is withheld from it",
         f"{RESERVED} | PAYOUT_SENT flight > float 57 | PAYOUT_BACK float > flight 57"
         " | PAYOUT_PAID_LATE aff_held > payouts 57; payouts > float 57; aff_held > withheld 3",
         f"float 943, withheld 3, {AFTER_COMMISSION}, up 20"),
    Flow("a payout's fee borne by the payee",
         f"{RESERVED} | PAYOUT_SENT flight > float 58 | PAYOUT_PAID aff_held > payouts 58; payouts > flight 58"
         " | FEE aff_held > fees 2 | RAIL_FEE rail_fees > float 2",
         f"float 940, {AFTER_COMMISSION}, up 20, fees 2, rail_fees 2"),
    Flow("a payout in parts, one of which fails",
         f"{RESERVED} | PAYOUT_SENT flight > float 35 | PAYOUT_SENT flight > float 25"
         " | PAYOUT_PAID aff_held > payouts 35; payouts > flight 35 | PAYOUT_BACK float > flight 25"
         " | PAYOUT_RELEASED aff_held > aff 25",
         f"float 965, aff 25, {AFTER_COMMISSION}, up 20"),
    Flow("a payout to the payee's wallet",
         f"{RESERVED} | PAYOUT_PAID aff_held > payouts 60; payouts > al 60",
         f"float 1000, al 60, {AFTER_COMMISSION}, up 20"),
    Flow("a payout to a wallet whose owner owes",
         f"{TOPPED_UP} | SPEND al > revenue 80 | TRANSFER al > bo 20 | CHARGEBACK al > float 20 | {RESERVED}"
         " | PAYOUT_PAID aff_held > payouts 60; payouts > al 60",
         "float 1080, al 40, bo 20, revenue 1080, expense 80, up 20"),
    Flow("a withdrawal",
         f"{TOPPED_UP} | HOLD al > al_held 60 | {SENT} | PAYOUT_PAID al_held > payouts 60; payouts > flight 60",
         "float 40, al 40"),
    Flow("a withdrawal that fails, is released and spent, and then proves to be paid",
         f"{TOPPED_UP} | HOLD al > al_held 60 | {SENT} | {BACK} | RELEASE al_held > al 60 | SPEND al > revenue 70"
         " | PAYOUT_PAID_LATE al > payouts 60; payouts > float 60",
         "float 40, al_owes 30, revenue 70"),
    Flow("a late proof takes float below zero until the other attempt fails",
         "FLOAT_IN float > capital 60 | COMMISSION expense > aff 60 | COMMISSION expense > up 60"
         " | PAYOUT_RESERVED aff > aff_held 60 | PAYOUT_RESERVED up > up_held 60"
         f" | {SENT} | {BACK} | {SENT} | PAYOUT_PAID_LATE aff_held > payouts 60; payouts > float 60",
         "float -60, flight 60, up_held 60, capital 60, expense 120"),
    Flow("a refund to where the money came from, at the second attempt",
         "DIRECT_PAYMENT clearing > revenue 60 | RAIL_SETTLED float > clearing 60 | REFUND revenue > out 60"
         f" | {SENT} | {BACK} | {SENT} | PAYOUT_PAID out > payouts 60; payouts > flight 60",
         ""),
    # Orders
    Flow("escrow released, and the seller paid",
         f"{ORDERED} | ESCROW_RELEASED escrow > shop 97; escrow > fees 3 | HOLD shop > shop_held 97"
         " | PAYOUT_SENT flight > float 97 | PAYOUT_PAID shop_held > payouts 97; payouts > flight 97",
         "float 3, fees 3"),
    Flow("escrow refunded", f"{ORDERED} | ESCROW_REFUNDED escrow > al 100", "float 100, al 100"),
    Flow("escrow of a guest refunded to the rail",
         "ORDER_PAID clearing > escrow 60 | RAIL_SETTLED float > clearing 60 | ESCROW_REFUNDED escrow > out 60"
         f" | {SENT} | PAYOUT_PAID out > payouts 60; payouts > flight 60",
         ""),
    Flow("escrow split",
         f"{ORDERED} | ESCROW_RELEASED escrow > shop 60; escrow > fees 2 | ESCROW_REFUNDED escrow > al 38",
         "float 100, shop 60, fees 2, al 38"),
    Flow("a charge-back after the seller was paid",
         "ORDER_PAID clearing > escrow 100 | ESCROW_RELEASED escrow > shop 97; escrow > fees 3"
         " | RAIL_SETTLED float > clearing 100 | HOLD shop > shop_held 97 | PAYOUT_SENT flight > float 97"
         " | PAYOUT_PAID shop_held > payouts 97; payouts > flight 97 | CHARGEBACK shop > float 97; fees > float 3"
         " | FLOAT_IN float > capital 97",
         "shop_owes 97, capital 97"),
    # Payment intents
    Flow("an intent with a wallet leg and a rail leg",
         f"{TOPPED_UP} | HOLD al > al_held 40 | LEG_CONFIRMED clearing > leg 60 | "
         "CAPTURE al_held > agent 40; leg > agent 60"
         " | RAIL_SETTLED float > clearing 60",
         "float 160, al 60, agent -100"),
    Flow("an intent that expires with one leg confirmed",
         f"{TOPPED_UP} | HOLD al > al_held 40 | LEG_CONFIRMED clearing > leg 60 | RELEASE al_held > al 40"
         f" | REFUND leg > out 60 | RAIL_SETTLED float > clearing 60 | {SENT}"
         " | PAYOUT_PAID out > payouts 60; payouts > flight 60",
         "float 100, al 100"),
    Flow("an intent with too much on it",
         "LEG_CONFIRMED clearing > leg 110 | CAPTURE leg > escrow 100 | REFUND leg > al 10"
         " | ESCROW_RELEASED escrow > shop 100"
         " | RAIL_SETTLED float > clearing 110",
         "float 110, al 10, shop 100"),
    # Suspense, exchange, capital
    Flow("what nobody knew is applied and sent back",
         "SUSPENSE clearing > suspense 120 | RAIL_SETTLED float > clearing 120 | SUSPENSE_APPLIED suspense > al 40"
         f" | SUSPENSE_APPLIED suspense > escrow 20 | SUSPENSE_APPLIED suspense > out 60 | {SENT}"
         " | PAYOUT_PAID out > payouts 60; payouts > flight 60 | ESCROW_RELEASED escrow > shop 20",
         "float 60, al 40, shop 20"),
    Flow("money left and nobody knew why; it was a fee",
         "FLOAT_IN float > capital 100 | SUSPENSE suspense > float 7 | RAIL_FEE rail_fees > suspense 7",
         "float 93, rail_fees 7, capital 100"),
    Flow("an exchange, settled at the rail",
         f"{TOPPED_UP} | FX al > fx 100; fx > al 0.75 USDC | FLOAT_IN float > capital 5 USDC"
         " | FX_SETTLED fx > float 100; float > fx 0.75 USDC",
         "al 0.75 USDC, float 5.75 USDC, capital 5 USDC"),
    Flow("gas", "FLOAT_IN float > capital 1 | GAS rail_fees > float 0.000000000000000001",
         "float 0.999999999999999999, rail_fees 0.000000000000000001, capital 1", "ETH"),
    Flow("capital in and out, and the year's end",
         "FLOAT_IN float > capital 500 | DIRECT_PAYMENT clearing > revenue 100 | RAIL_SETTLED float > clearing 100"
         " | BONUS expense > al 30 | YEAR_END revenue > retained 100; retained > expense 30"
         " | FLOAT_OUT capital > float 500",
         "float 100, al 30, retained 70"),
]  # fmt: skip
