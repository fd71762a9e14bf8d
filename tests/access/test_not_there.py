"""What belongs to another program is answered as what does not exist: the same words, after the same work."""

import re
from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from tests.access.doors import Route, routes
from tests.access.rows import no_pk_of
from tests.access.table import BUTTONS, ROUTES, SCREENS
from tests.access.test_routes import GUARDED, name_of
from tests.access.test_screens import MODELS, address, get, model_of, press, words_of
from tests.access.world import ACME, XANADU, Knocker, World, undone

_VALUES = re.compile(r"'[^']*'(::\w+)?|\b\d+\b")
_MADE_ANEW = re.compile(rb'"correlation_id":"[^"]*"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


def work(ask: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Return the answer, and what the database was asked before it was given. (Probes are journalled afterwards.)"""
    with undone(), CaptureQueriesContext(connection) as asked, patch("identity.doors.refusals.journal_refusals"):
        answer = ask()
    return answer, [_VALUES.sub("?", query["sql"]) for query in asked if "SAVEPOINT" not in query["sql"]]


def assert_alike(foreign: Callable[[], Any], missing: Callable[[], Any]) -> int:
    """Hold that both are answered alike, and return how."""
    work(missing)  # the first request of a session is noted, and what is looked up once is looked up
    (one, one_s_work), (other, other_s_work) = work(foreign), work(missing)

    assert one.status_code == other.status_code
    assert _MADE_ANEW.sub(b"", one.content) == _MADE_ANEW.sub(b"", other.content)
    assert {*one.headers} == {*other.headers}
    assert one_s_work == other_s_work
    return int(one.status_code)


def strangers_there(world: World, permission: str) -> list[Knocker]:
    """Return those who hold ``permission``, and know nothing of Xanadu."""
    callers = [*world.signed_in, *world.with_token, *world.with_keys(permission)]
    return [who for who in callers if who.holds(permission, ACME) and not who.knows_xanadu]


def ask(who: Knocker, route: Route, path: str, body: dict[str, Any], **headers: str) -> Callable[[], Any]:
    sent = {"Idempotency-Key": "the-same", **headers}
    return lambda: (
        who.client.generic(route.method, path, "", headers=sent)
        if route.method == "GET"
        else getattr(who.client, route.method.lower())(path, body, headers=sent)
    )


@pytest.mark.parametrize("route", [route for route in GUARDED if route.names_object], ids=name_of)
def test_an_object_of_another_program(route: Route, world: World) -> None:
    assert route.model is not None
    there, nowhere = world.rows[route.model, XANADU].pk, no_pk_of(route.model)
    for who in strangers_there(world, ROUTES[route.name]):
        one, other = (ask(who, route, route.at(pk), {}) for pk in (there, nowhere))
        assert assert_alike(one, other) in (403, 404)


@pytest.mark.parametrize("route", [route for route in GUARDED if route.is_in_program], ids=name_of)
def test_another_program(route: Route, world: World) -> None:
    path = route.at("")
    for who in strangers_there(world, ROUTES[route.name]):
        for name in ("X-Program", "?program="):
            one, other = (
                ask(who, route, path, {}, **{name: slug})
                if name == "X-Program"
                else ask(who, route, path + name + slug, {})
                for slug in (XANADU, "neverland")
            )
            assert assert_alike(one, other) == 404


@pytest.mark.parametrize(
    ("name", "field"),
    [("POST /api/v2/enterprise/reconcile", "program_id"), ("POST /api/v2/proposals", "program")],
)
def test_another_program_in_the_body(name: str, field: str, world: World) -> None:
    route = next(route for route in routes() if route.name == name)
    for who in strangers_there(world, ROUTES[name]):
        if not who.is_person:
            continue
        body = {"kind": "identity.grant_role", "payload": {}, "reason": "x"}
        values: tuple[str | UUID, ...] = (
            (world.programs[XANADU].pk, uuid7()) if field == "program_id" else (XANADU, "neverland")
        )
        one, other = (ask(who, route, route.path, {**body, field: str(value)}) for value in values)
        assert assert_alike(one, other) == 404


@pytest.mark.parametrize("label", sorted(MODELS))
def test_a_page_of_another_program(label: str, world: World) -> None:
    model = MODELS[label]
    if (model, XANADU) not in world.rows:
        return
    for who in strangers_there(world, SCREENS[label]):
        if who.pages is not None:
            there, nowhere = (address(model, "change", pk) for pk in (world.rows[model, XANADU].pk, no_pk_of(model)))
            assert_alike(lambda: get(who, there), lambda: get(who, nowhere))  # noqa: B023


@pytest.mark.parametrize("button", [name for name in sorted(BUTTONS) if model_of(name.partition(" ")[2])])
def test_a_button_of_another_program(button: str, world: World) -> None:
    name = button.partition(" ")[2]
    if not {"pk", "object_id", "slug"} & set(words_of(name)):
        return
    for who in strangers_there(world, BUTTONS[button]):
        if who.pages is not None:
            model = model_of(name)
            assert model is not None
            nowhere = {"pk": no_pk_of(model), "object_id": no_pk_of(model), "slug": "neverland"}
            assert_alike(
                lambda: press(button, who, world, XANADU),  # noqa: B023
                lambda: press(button, who, world, XANADU, **nowhere),  # noqa: B023
            )
