"""The base of every window: to look, search and filter, never to write; and how the journal reads in one."""

import json
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR
from django.contrib.auth import get_user_model
from django.db.models import (
    Case,
    CharField,
    F,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from audit.access import may, may_in_house, missed
from audit.admin.long_lists import BoundedPaginator, LatelyFilter, LongChangeList
from audit.models import Entry, EntryQuerySet

_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

Column = Callable[[Any], Any]
# What a page links to: words and address.
Ties = list[tuple[str, str]]

_ties: dict[type[Model], list[Callable[[HttpRequest, Any], Ties]]] = {}

# What may stand in a list's address and leave the list as it is.
_NARROWING_NOTHING = frozenset({ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR})

# The names our states' colours have in the admin theme.
LABELS = {"good": "success", "warn": "warning", "bad": "danger", "info": "info", "neutral": "default"}


def column(name: str, description: str, show: Column, *, ordering: str | None = None) -> Column:
    """Return a column, or a field of an object page, that shows what ``show`` makes of a row."""

    @admin.display(description=description, ordering=ordering)
    def shown(row: Any) -> Any:
        return show(row)

    shown.__name__ = name  # the cell's CSS class
    return shown


def instant(field: str, description: str) -> Column:
    """Return a column with the time in ``field`` and its zone, which Django's own column does not tell."""

    def show(row: Any) -> Any:
        at = getattr(row, field)
        if at is None:
            return None
        local = timezone.localtime(at)
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), date_format(local, "j M Y, H:i:s T"))

    return column(field, description, show, ordering=field)


def reference(value: object, *, url: str | None = None, short: bool = True) -> str:
    """Return an id as people handle one: abbreviated to be told apart, linked to what it names, copied whole."""
    text = str(value)
    shown = f"{text[:8]}…{text[-4:]}" if short and len(text) > 16 else text
    named = format_html('<a href="{}" title="{}">{}</a>', url, text, shown) if url else shown
    return format_html(
        '<span class="reference"><span class="copyable__text" title="{0}">{1}</span>'
        '<button type="button" class="copyable" data-copy="{0}" aria-label="Copy {0}" title="Copy">'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button></span>',
        text,
        named,
    )


def whole_id(field: str = "pk", description: str = "Id") -> Column:
    """Return a field of an object page with an id, whole."""
    return column("id" if field == "pk" else field, description, lambda row: _whole(getattr(row, field)))


def _whole(value: object) -> str | None:
    return reference(value, short=False) if value else None


def as_json(field: str, description: str) -> Column:
    """Return a field of an object page with structured data, set out to be read."""

    def show(row: Any) -> Any:
        value = getattr(row, field)
        return format_html('<pre class="code">{}</pre>', json.dumps(value, indent=2, default=str)) if value else None

    return column(field, description, show)


def tie(model: type[Model], find: Callable[[HttpRequest, Any], Ties]) -> None:
    """Have the pages of ``model`` link to what ``find`` returns: to rooms above, which the model's own can't know."""
    _ties.setdefault(model, []).append(find)


class RecordedAdmin(ModelAdmin):
    """Base of every admin screen: read-only, scoped to what the caller may see.

    A change made by a form here would pass the operations by, and with them the locks, the rules and the journal. What
    can be done is a button that calls an operation.
    """

    permission_to_view: ClassVar[str]
    # What people call a row and rows, where the model has no such words: those of a library, for one.
    called: ClassVar[tuple[str, str] | None] = None
    # Columns in which a search term that is a UUID is looked up, by their indexes.
    id_fields: ClassVar[tuple[str, ...]] = ("pk",)
    # Lookups that links from other pages carry, beside those of the list's own filters.
    linked_lookups: ClassVar[tuple[str, ...]] = ()

    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False  # counting a large table costs more than showing the page
    show_facets = admin.ShowFacets.NEVER  # likewise
    actions = None
    change_form_template = "admin/change_form_recorded.html"

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        if self.called:
            model._meta.verbose_name, model._meta.verbose_name_plural = self.called
        super().__init__(model, admin_site)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, self.permission_to_view)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.for_user(request.user)  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is None:
            missed(request, self.model, object_id)
        return row

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return list(flatten(self.fields or ()))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow what this list's filters send: Django would let a reader guess at any column, password hashes too."""
        names = {name for name in (*self.list_filter, self.date_hierarchy) if isinstance(name, str)}
        return lookup in self.linked_lookups or lookup.split("__")[0] in names

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LongChangeList]:
        return LongChangeList

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [(name, LatelyFilter) if self._has_any_values(name) else name for name in self.list_filter]

    def _has_any_values(self, name: Any) -> bool:
        column = self.opts.get_field(name) if isinstance(name, str) else None
        return isinstance(column, CharField | IntegerField) and not column.choices

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> BoundedPaginator:
        paginator: BoundedPaginator = super().get_paginator(request, *args, **kwargs)
        # A proxy is a part of its table.
        is_everything = not self.opts.proxy and not set(request.GET) - _NARROWING_NOTHING
        paginator.is_whole = is_everything and may_in_house(request, self.permission_to_view)
        return paginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            whole = UUID(search_term.strip())
        except ValueError:
            whole = None
        if whole is not None and self.id_fields:
            named = queryset.filter(Q.create([(field, whole) for field in self.id_fields], connector=Q.OR))
            if named.exists():
                return named, False
        return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except OverflowError as beyond:  # a year that no calendar has
            raise IncorrectLookupParameters from beyond

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})  # type: ignore[no-any-return]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the row is, what it is tied to and, to those who read the journal, what happened to it."""
        row = self.get_object(request, object_id) if self.has_view_permission(request) else None
        told: dict[str, Any] = {
            "title": capfirst(str(self.opts.verbose_name)),
            "ties": self._all_ties(request, row) if row else [],
        }
        if row is not None and not isinstance(row, Entry) and may(request, "journal.read"):
            told["timeline"] = journal_lines(Entry.objects.about(row), reader=request.user, count=20)
            told["timeline_url"] = f"{reverse('admin:audit_entry_changelist')}?q={row.pk}"
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})  # type: ignore[no-any-return]

    def _all_ties(self, request: HttpRequest, row: Any) -> Ties:
        above = [tied for find in _ties.get(self.model, ()) for tied in find(request, row)]
        return [*self.ties(request, row), *above]

    def ties(self, request: HttpRequest, row: Any) -> Ties:
        """Return links to what ``row`` is tied to: words and address."""
        return []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> NoReturn:
        """Answer that there is none: the journal is the history."""
        raise Http404


def named(entries: EntryQuerySet, *, reader: Any) -> EntryQuerySet:
    """Give each entry an ``actor_name``, where the actor is a person whom ``reader`` may see."""
    people: Any = get_user_model().objects.for_user(reader)
    name = Coalesce(NullIf(F("name"), Value("")), F("email"), output_field=CharField())
    return entries.annotate(
        actor_person=Case(When(actor_type="user", actor_id__regex=_UUID, then=Cast(F("actor_id"), UUIDField()))),
        actor_name=Subquery(people.filter(pk=OuterRef("actor_person")).annotate(called=name).values("called")[:1]),
    )


def journal_lines(entries: EntryQuerySet, *, reader: Any, count: int) -> list[dict[str, Any]]:
    """Return the latest of ``entries`` that ``reader`` may read, as pages show them."""
    latest = named(entries.for_user(reader), reader=reader).order_by("-id")[:count]
    return [
        {
            "at": entry.at,
            "sentence": entry.sentence,
            "url": reverse("admin:audit_entry_change", args=[entry.pk]),
            "subject": subject_reference(entry),
            "actor": actor_in_words(entry),
            "correlation": reference(entry.correlation_id, url=correlation_url(entry)),
        }
        for entry in latest
    ]


def actor_in_words(entry: Any) -> str:
    """Return who acted; an actor whom the reader may not see stays an id."""
    if entry.actor_name:
        return str(entry.actor_name)
    return f"{entry.actor_id} ({entry.actor_type})"


def subject_url(entry: Entry) -> str | None:
    """Return the address of the page of what an entry is about, if it has one."""
    try:
        model = apps.get_model(entry.subject_type)
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[entry.subject_id])
    except (LookupError, ValueError, NoReverseMatch):
        return None


def correlation_url(entry: Entry) -> str:
    """Return the address of everything that happened under the same correlation id."""
    return f"{reverse('admin:audit_entry_changelist')}?q={entry.correlation_id}"


def subject_reference(entry: Entry, *, short: bool = True) -> str:
    """Return what an entry is about: its noun and its id."""
    noun = entry.subject_type.rpartition(".")[2]
    return format_html("<span>{} {}</span>", noun, reference(entry.subject_id, url=subject_url(entry), short=short))
