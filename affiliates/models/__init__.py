"""The affiliates' tables.

A key to another table of a tenant carries the program, so it is written in SQL (migrations/*_references.py), and Django
is told to add none of its own beside it, nor one to the program where another row already names it.
"""

from affiliates.models.commissions import Commission, Purse, Tally
from affiliates.models.methods import PayoutMethod
from affiliates.models.people import Affiliate, Click, Member, Standing
from affiliates.models.rates import Rate, Tier
from affiliates.models.reports import Adjustment, CommissionReport, ReportLine
from affiliates.models.sales import Claim, Reversal, Settlement

__all__ = (
    "Adjustment",
    "Affiliate",
    "Claim",
    "Click",
    "Commission",
    "CommissionReport",
    "Member",
    "PayoutMethod",
    "Purse",
    "Rate",
    "ReportLine",
    "Reversal",
    "Settlement",
    "Standing",
    "Tally",
    "Tier",
)
