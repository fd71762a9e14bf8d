"""Whose page it is, and how amounts and states stand on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from affiliates.models import Affiliate
from identity.models import Membership, Program, User
from identity.rules import HOUSE_SLUG
from ledger import money
from ledger.models import Asset


def person_of(request: HttpRequest) -> User:
    """Return who looks at the page."""
    assert isinstance(request.user, User)
    return request.user


def program_of(slug: str) -> Program:
    """Return a program that people can come to; the house itself sells nothing.

    :raises Http404: if there is none.
    """
    return get_object_or_404(Program.objects.exclude(slug=HOUSE_SLUG), slug=slug)


def affiliates_of(user: User) -> list[Affiliate]:
    """Return what somebody is an affiliate as, program by program."""
    programs = Membership.objects.programs_with_own(user, "commission.read")
    own = Affiliate.objects.filter(user=user, program__in=programs).select_related("program", "tier", "parent")
    return list(own.order_by("program__name", "pk"))


def own_affiliate(request: HttpRequest, slug: str) -> Affiliate:
    """Return what the person is an affiliate as in a program.

    :raises PermissionDenied: if they are let in nowhere.
    :raises Http404: if they are none there; nobody learns whether there is such a program.
    """
    person = person_of(request)
    if not person.may("affiliate_portal.enter"):
        raise PermissionDenied
    found = next((one for one in affiliates_of(person) if one.program.slug == slug), None)
    if found is None:
        raise Http404
    return found


def grouped(amount: Decimal, asset: Asset) -> str:
    """Return an amount as people read one."""
    return money.grouped(amount, places=asset.payable_scale)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Writes amounts of assets that are named by their codes; the assets are read at once."""

    assets: dict[str, Asset]

    @classmethod
    def of(cls, codes: Iterable[str]) -> "Amounts":
        return cls({asset.code: asset for asset in Asset.objects.filter(code__in=set(codes))})

    def write(self, amount: Decimal, code: str) -> str:
        return grouped(amount, self.assets[code])


def page_context(request: HttpRequest, affiliate: Affiliate, *, tab: str, **more: Any) -> dict[str, Any]:
    """Return what every page of an affiliate is told."""
    return {
        "affiliate": affiliate, "program": affiliate.program, "tab": tab,
        "others": [one for one in affiliates_of(person_of(request)) if one.pk != affiliate.pk], **more,
    }  # fmt: skip
