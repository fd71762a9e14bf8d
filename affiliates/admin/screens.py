"""What the screens of affiliates share: whose rows they show, and how pages are put together of tables and buttons."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from audit.access import may, may_with
from audit.admin import LABELS
from audit.states import TransitionTable
from identity.models import Membership, Program
from wallets.admin.acts import Act, ActsAdmin
from wallets.admin.screens import AssetFilter, person_of

CHOICES_AT_MOST = 200
# A list that a screen's page shows of something else; the rest is a link away.
ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, and where it leads."""

    text: object
    url: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page. A head that begins with # is of a column of figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[object]]
    empty: str = ""
    more: tuple[str, str] | None = None

    @property
    def columns(self) -> list[tuple[str, bool]]:
        return [(head.removeprefix("#"), head.startswith("#")) for head in self.heads]

    @property
    def lines(self) -> list[list[tuple[str, Cell]]]:
        """The rows, each cell with the word that stands above it."""
        return [
            [
                (name, each if isinstance(each, Cell) else Cell(each, is_number=is_number))
                for (name, is_number), each in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on an object's page beside its fields: warnings, ways to dialogs, what is done at once, tables."""

    warnings: Sequence[str] = ()
    buttons: Sequence[tuple[str, str]] = ()
    presses: Sequence[tuple[str, str]] = ()  # buttons that ask for nothing more, and so are sent as a form is
    tables: Sequence[Table] = field(default_factory=list)


class AffiliatesScreen(ActsAdmin):
    """Base of the room's screens: rows of programs in which one may read them, filters by program and asset."""

    change_form_template = "admin/affiliates/page.html"
    acts: tuple[Act, ...] = ()
    # Whether the rows are of an asset.
    has_asset: ClassVar[bool] = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # What is one's own is in the portals: here one works for a program.
        rows: QuerySet[Any] = self.model._default_manager.filter(program__in=self.programs(request))
        return rows.order_by(*self.ordering or ())

    def programs(self, request: HttpRequest, permission: str = "") -> QuerySet[Any, UUID]:
        """Return the programs in which the person holds a permission; without one, that of reading the screen."""
        return Membership.objects.programs_where(person_of(request), permission or self.permission_to_view)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        of_asset = [AssetFilter] if self.has_asset else []
        return [*super().get_list_filter(request), *of_asset, ProgramFilter]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        own = (AssetFilter.parameter_name, ProgramFilter.parameter_name)
        return lookup in own or super().lookup_allowed(lookup, value, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told = {"page": self.page(request, row)} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def page(self, request: HttpRequest, row: Any) -> Page:
        """Return what stands on a row's page beside its fields."""
        return Page()

    def address(self, route: str, view: Any, name: str) -> URLPattern:
        """Return an address of this screen."""
        return path(route, self.admin_site.admin_view(view), name=f"{self._screen}_{name}")  # type: ignore[no-any-return]

    def way(self, request: HttpRequest, row: Model, name: str, words: str, permission: str) -> list[tuple[str, str]]:
        """Return a button that leads to a dialog, for whom may press it."""
        if not may_with(row, request, permission):
            return []
        return [(words, reverse(f"admin:{self._screen}_{name}", args=[row.pk]))]


class ProgramFilter(admin.SimpleListFilter):
    """Offers the programs whose rows one may read, and no other's name."""

    title = "program"
    parameter_name = "program"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        programs = Program.objects.filter(pk__in=model_admin.programs(request)).order_by("name")
        return [(program.slug, str(program)) for program in programs[:CHOICES_AT_MOST]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(program__slug=self.value()) if self.value() else queryset


def labels(table: TransitionTable) -> dict[str, str]:
    """Return the colours of a table's states as the theme names them."""
    return {state: LABELS[colour] for state, colour in table.colours.items()}


def page_of(row: Any) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def listed(screen: str, **lookups: object) -> str:
    """Return the address of a list with filters."""
    query = "&".join(f"{name}={value}" for name, value in lookups.items())
    return f"{reverse(f'admin:affiliates_{screen}_changelist')}?{query}"


def day(at: Any) -> str:
    """Return a day as tables say it."""
    return f"{at.day} {at:%b %Y}" if isinstance(at, date) else ""


def may_read(request: HttpRequest, *permissions: str) -> bool:
    """Whether the person may read all of it somewhere."""
    return all(may(request, permission) for permission in permissions)


def as_id(said: str | None) -> UUID | None:
    """Return an id that stands in an address; what is none is none."""
    try:
        return UUID(said) if said else None
    except ValueError:
        return None


def picked(request: HttpRequest) -> list[UUID]:
    """Return the ids of the rows that were ticked in a list."""
    return list(dict.fromkeys(pk for said in request.POST.getlist("pk") if (pk := as_id(said)) is not None))


def tick(row: Any) -> str:
    """Return the box that ticks a row in a list."""
    return format_html(
        '<input type="checkbox" class="tick" name="pk" value="{}" form="changelist-form" aria-label="Tick {}">',
        row.pk, row,
    )  # fmt: skip
