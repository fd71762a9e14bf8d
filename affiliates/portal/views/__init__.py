"""Doors for affiliates, and for those whom they bring."""

from affiliates.portal.views.becoming import become, check_code
from affiliates.portal.views.commissions import commission, commissions
from affiliates.portal.views.earnings import earnings, overview
from affiliates.portal.views.joining import claim, join
from affiliates.portal.views.links import follow
from affiliates.portal.views.methods import methods, retire
from affiliates.portal.views.reports import report_file, reports
from affiliates.portal.views.sharing import downline, downline_of, link, link_code

__all__ = (
    "become",
    "check_code",
    "claim",
    "commission",
    "commissions",
    "downline",
    "downline_of",
    "earnings",
    "follow",
    "join",
    "link",
    "link_code",
    "methods",
    "overview",
    "report_file",
    "reports",
    "retire",
)
