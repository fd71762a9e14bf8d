"""Every door that there is, found by walking the addresses of the house and what is registered behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.admin import site
from django.db.models import Field, Model
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import EndpointEnumerator
from rest_framework.permissions import AllowAny

from identity.doors import HasPermission, InProgram
from tests.access.table import OPEN, SIGNED_IN

SITE_PAGES = ("changelist", "add", "history", "delete", "change")


@dataclass(frozen=True)
class Route:
    """A method of an address of the API."""

    method: str
    path: str
    view: Any
    action: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def asks_for(self) -> str:
        """What its door asks for."""
        if HasPermission in self.view.permission_classes:
            return str(self.view.permissions[self.action])
        is_open = list(self.view.permission_classes) == [AllowAny] or not self.view.permission_classes
        return OPEN if is_open else SIGNED_IN

    @property
    def model(self) -> type[Model] | None:
        """The model of the rows that it lists or names."""
        queryset = getattr(self.view, "queryset", None)
        return None if queryset is None else queryset.model

    @property
    def names_object(self) -> bool:
        return "{id}" in self.path

    def at(self, object_id: object) -> str:
        """Return its address for an object, with names of what nobody has where something else is named."""
        path = self.path.replace("{id}", str(object_id)).replace("{key}", "identity.nightly_hour")
        return path.replace("{method_id}", str(UUID(int=1)))

    @property
    def names_somebody(self) -> bool:
        return "{user_id}" in self.path or "{wallet}" in self.path

    @property
    def is_in_program(self) -> bool:
        """Whether the request names the program, and not the address by its object."""
        return issubclass(self.view, InProgram) and not self.names_object

    @property
    def owner(self) -> str:
        """The way from a row to the person whose own it is, where such people are let in."""
        return str(getattr(self.view, "owner", ""))

    @property
    def is_list(self) -> bool:
        return self.action == "list"

    @property
    def lists_rows(self) -> bool:
        """Whether each line of the list is a row; settings are not: they stand in the code."""
        return self.is_list and getattr(self.view, "filterset_class", None) is not None


def routes() -> list[Route]:
    """Return every route of the API."""
    found = []
    for path, _, method, callback in EndpointEnumerator().get_api_endpoints():
        action = callback.actions[method.lower()] if hasattr(callback, "actions") else method.lower()
        found.append(Route(method, path.replace("{pk}", "{id}"), callback.cls, action))
    return sorted(found, key=lambda route: route.name)


def patterns(inside: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the house: where it stands, and what stands there."""
    for pattern in inside if inside is not None else get_resolver().url_patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, here)
        else:
            yield here, pattern


def admin_urls() -> list[str]:
    """Return the names of all addresses of the back office that are no list and no page of an object."""
    standard = {
        f"{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in screens().values()
        for page in SITE_PAGES
    }
    found = {pattern.name for _, pattern in patterns(site.urls[0]) if pattern.name}
    return sorted(found - standard)


def screens() -> dict[str, type[Model]]:
    """Return every model that has a screen."""
    return {model._meta.label_lower: model for model in sorted(site._registry, key=lambda each: each._meta.label)}


def autocompletes() -> dict[str, list["Field[Any, Any]"]]:
    """Return what the autocomplete address of the admin can search, and through which columns: every screen that can
    be searched and that a column of any model points to.
    """
    found: dict[str, list[Field[Any, Any]]] = {}
    for model in apps.get_models(include_auto_created=True):
        for column in model._meta.get_fields():
            target = getattr(column, "remote_field", None) and column.related_model
            screen = site._registry.get(target) if isinstance(target, type) else None
            if screen is not None and isinstance(column, Field) and screen.search_fields:
                found.setdefault(screen.model._meta.label_lower, []).append(column)
    return dict(sorted(found.items()))


def exports() -> set[str]:
    """Return what says of itself that many rows leave by it: views with ``exports``, and actions of lists."""
    said = set()
    for here, pattern in patterns():
        callback: Any = pattern.callback
        view = getattr(callback, "cls", None) or getattr(callback, "view_class", None) or callback
        if getattr(view, "exports", False) or getattr(callback, "exports", False):
            said.add(f"GET {pattern.name or here}")
    for label, model in screens().items():
        said |= {f"{label}: {_name(action)}" for action in site._registry[model].actions or ()}
    return said


def _name(action: Any) -> str:
    return str(action if isinstance(action, str) else action.__name__)
