"""What the screens of wallets share."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from identity.models import Membership, Program, User
from ledger.admin.shown import grouped
from ledger.models import Asset
from wallets.admin.asked import AskedAdmin

CHOICES_AT_MOST = 200


def person_of(request: HttpRequest) -> User:
    """Return who looks at the screen."""
    assert isinstance(request.user, User)
    return request.user


class WalletsScreen(AskedAdmin):
    """Base of the room's screens: the rows of programs whose books one may read, and filters by program and asset."""

    permission_to_view = "wallet.read"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # What is one's own as a customer is in the portal: here one works for a program.
        rows: QuerySet[Any] = self.model._default_manager.filter(program__in=readable(request))
        return rows.order_by(*self.ordering or ())

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), AssetFilter, ProgramFilter]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        own = (AssetFilter.parameter_name, ProgramFilter.parameter_name)
        return lookup in own or super().lookup_allowed(lookup, value, request)


class ProgramFilter(admin.SimpleListFilter):
    """Offers the programs that one may read, and no other's name."""

    title = "program"
    parameter_name = "program"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        programs = Program.objects.filter(pk__in=readable(request)).order_by("name")
        return [(program.slug, str(program)) for program in programs[:CHOICES_AT_MOST]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(program__slug=self.value()) if self.value() else queryset


class AssetFilter(admin.SimpleListFilter):
    """Offers the assets of the house."""

    title = "asset"
    parameter_name = "asset"
    path = "asset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.path = getattr(model_admin, "asset_path", "asset")
        return [(code, code) for code in Asset.objects.values_list("code", flat=True)[:CHOICES_AT_MOST]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{f"{self.path}__code": self.value()}) if self.value() else queryset


def signed(amount: Decimal, *, is_credit: bool, asset: Asset, named: bool = False) -> str:
    """Return what a line changed, with its sign."""
    sign = "+" if is_credit else "\N{MINUS SIGN}"
    return f"{sign}{grouped(amount, asset, named=named)}"


def readable(request: HttpRequest) -> QuerySet[Any, UUID]:
    """Return the programs whose books the person may read."""
    return Membership.objects.programs_where(person_of(request), "wallet.read")
