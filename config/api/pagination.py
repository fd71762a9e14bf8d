"""Pages by seeking: page one million opens as fast as page one, and rows that arrive meanwhile shift nothing.

A cursor holds the ordering and that ordering's values in the last row shown. The next page is what comes after them,
found through the index; nothing is counted and nothing is skipped over.
"""

import base64
import binascii
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model, Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param


class SeekPagination(BasePagination):
    """``{"next", "previous", "results"}``; ``?page_size=``, ``?ordering=`` (of the view's ``ordering_fields``)."""

    default_size: ClassVar = 50
    largest_size: ClassVar = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        size = self._size(request)
        ordering = self._ordering(request, view)
        backwards, position = self._position(request, ordering, queryset.model)

        rows = queryset.order_by(*(_reverse(field) for field in ordering) if backwards else ordering)
        if position is not None:
            rows = rows.filter(_beyond(ordering, position, backwards=backwards))
        found = list(rows[: size + 1])
        more = len(found) > size
        page = found[:size]
        if backwards:
            page.reverse()

        self.has_next = bool(page) and (more or backwards)
        self.has_previous = bool(page) and (more if backwards else position is not None)
        self._ordering_used = ordering
        self._page = page
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self._page[-1], "next") if self.has_next else None,
                "previous": self._link(self._page[0], "previous") if self.has_previous else None,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: Any) -> Any:
        shown = "https://money.example.com/api/v2/wallets?cursor=WyJuZXh0Iiwi"
        link = {"type": "string", "format": "uri", "nullable": True, "example": shown}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        def parameter(name: str, meaning: str, schema: dict[str, Any]) -> dict[str, Any]:
            return {"name": name, "in": "query", "required": False, "description": meaning, "schema": schema}

        orderings = sorted(sign + field for field in getattr(view, "ordering_fields", ()) for sign in ("", "-"))
        shared = [
            parameter("cursor", "Where the page begins: taken from `next` or `previous`.", {"type": "string"}),
            parameter("page_size", "Rows in a page.", {"type": "integer", "minimum": 1, "maximum": self.largest_size}),
        ]
        if not orderings:
            return shared
        return [*shared, parameter("ordering", "What the list is sorted by.", {"type": "string", "enum": orderings})]

    def _size(self, request: Request) -> int:
        asked = request.query_params.get("page_size", str(self.default_size))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6 and 1 <= int(asked) <= self.largest_size):
            raise ValidationError({"page_size": [f"A whole number from 1 to {self.largest_size}."]})
        return int(asked)

    def _ordering(self, request: Request, view: Any) -> tuple[str, ...]:
        """Return the asked ordering, ended by the primary key so that no two rows are equal."""
        asked = request.query_params.get("ordering")
        if asked is None:
            fields = tuple(getattr(view, "ordering", ("-id",)))
        else:
            fields = tuple(part.strip() for part in asked.split(","))
            allowed = set(getattr(view, "ordering_fields", ()))
            if any(field.removeprefix("-") not in allowed for field in fields):
                raise ValidationError({"ordering": [f"One or more of {', '.join(sorted(allowed))}, - for descending."]})
        if not any(field.removeprefix("-") == "id" for field in fields):
            fields = (*fields, "-id" if fields[-1].startswith("-") else "id")
        return fields

    def _position(
        self, request: Request, ordering: tuple[str, ...], model: type[Model]
    ) -> tuple[bool, list[Any] | None]:
        cursor = request.query_params.get("cursor")
        if not cursor:
            return False, None
        try:
            direction, made_for, *texts = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=="))
            if made_for != ",".join(ordering) or direction not in ("next", "previous") or len(texts) != len(ordering):
                raise ValueError
            values = [_field(model, name).to_python(text) for name, text in zip(ordering, texts, strict=True)]
            if any(value is None or (isinstance(value, str) and "\x00" in value) for value in values):
                raise ValueError
        except (ValueError, TypeError, binascii.Error, RecursionError, DjangoValidationError, FieldDoesNotExist):
            raise ValidationError(
                {"cursor": ["Not a cursor of this list and ordering: start at the first page."]}
            ) from None
        return direction == "previous", values

    def _link(self, row: Any, direction: str) -> str:
        cursor = cursor_at(row, ordering=self._ordering_used, direction=direction)
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor))


def cursor_at(row: Any, *, ordering: tuple[str, ...], direction: str = "next") -> str:
    """Return the cursor of the page that comes after ``row`` (or before it) in ``ordering``."""
    values = [_text(getattr(row, field.removeprefix("-"))) for field in ordering]
    packed = json.dumps([direction, ",".join(ordering), *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).rstrip(b"=").decode()


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name.removeprefix("-"))


def _reverse(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _text(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _beyond(ordering: tuple[str, ...], position: list[Any], *, backwards: bool) -> Q:
    """Return ``(a, b) > (x, y)`` for mixed directions: a beyond x, or a equal and b beyond y."""
    beyond = Q()
    equal = Q()
    for field, value in zip(ordering, position, strict=True):
        name = field.removeprefix("-")
        downwards = field.startswith("-") != backwards
        beyond |= equal & Q(**{f"{name}__{'lt' if downwards else 'gt'}": value})
        equal &= Q(**{name: value})
    # Says nothing new, but an OR alone gives the index no place to begin at.
    first = ordering[0].removeprefix("-")
    downwards = ordering[0].startswith("-") != backwards
    return Q(**{f"{first}__{'lte' if downwards else 'gte'}": position[0]}) & beyond
