"""Every route of the API, knocked at by everybody, for a thing of their own program, of another and of the house."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import Member
from config.api.pagination import cursor_at
from identity.kinds import kinds
from identity.models import Party
from ledger.models import Account, Transaction
from tests.access.doors import Route, routes
from tests.access.rows import IN_PROGRAM, places_of
from tests.access.table import EXPORTS, OPEN, PEOPLE_ONLY, ROUTES, SIGNED_IN
from tests.access.world import ACME, NOWHERE, PLACES, STRANGER, XANADU, Knocker, Said, World, undone

GUARDED = [route for route in routes() if ROUTES.get(route.name, OPEN) not in (OPEN, SIGNED_IN)]
LISTS = [route for route in GUARDED if route.is_list]

# Where the body says which program is meant: what to send.
BODIES: dict[str, Callable[[UUID | None], dict[str, Any]]] = {
    "POST /api/v2/enterprise/reconcile": lambda program_id: {"program_id": program_id and str(program_id)},
}


def name_of(route: Route) -> str:
    return route.name


def knock(
    route: Route, who: Knocker, world: World, place: str, *, object_id: object = None, query: str = "", **headers: str
) -> Any:
    """Ask ``route`` as ``who``, for a thing that belongs to ``place``, and undo what came of it."""
    if route.names_object and object_id is None:
        assert route.model is not None
        object_id = world.rows[route.model, place].pk
    somewhere = place if place != NOWHERE else ACME
    path = route.at(object_id).replace("{user_id}", str(world.rows[Party, somewhere].pk))
    path = path.replace("{wallet}", world.rows[Member, somewhere].wallet_address)
    if route.is_in_program and place != NOWHERE:
        headers["X-Program"] = place
    body = "" if route.method == "GET" else json.dumps(body_for(route, world, place))
    with undone():
        return who.client.generic(
            route.method, path + query, body, "application/json", headers={"Idempotency-Key": uuid4().hex, **headers}
        )


def body_for(route: Route, world: World, place: str) -> dict[str, Any]:
    return BODIES[route.name](world.id_of(place)) if route.name in BODIES else {}


def inside(answer: Any, part: str = "data") -> Any:
    """Return the body, out of its envelope where it has one."""
    body = answer.json()
    return body[part] if set(body) == {"success", "data", "error"} else body


def said(answer: Any) -> Said:
    assert answer.status_code < 500, answer.content
    code = inside(answer, "error")["code"] if answer.status_code >= 400 else ""
    by_code = {"not_permitted": Said.FORBIDDEN, "not_found": Said.NOT_THERE, "not_authenticated": Said.SIGN_IN}
    return by_code.get(code, Said.ALLOWED)


def expected(route: Route, who: Knocker, place: str) -> Said:
    """Return what the table says."""
    permission = ROUTES[route.name]
    if who.is_stranger:
        return Said.SIGN_IN
    if route.is_in_program and place not in who.may_name():
        return Said.NOT_THERE
    with_own = who.held_with_own(permission) if route.owner else set()
    if not who.held(permission) | with_own:
        return Said.FORBIDDEN
    turned_away = route.name in PEOPLE_ONLY and not who.is_person
    if route.is_in_program:
        if route.names_somebody and place in with_own and not who.holds(permission, place):
            return Said.NOT_THERE  # somebody else's
        is_held = who.holds(permission, place) or place in with_own
        return Said.ALLOWED if is_held and not turned_away else Said.FORBIDDEN
    if route.name in BODIES:
        return Said.ALLOWED if who.holds(permission, place) else Said.NOT_THERE
    found = Said.ALLOWED
    if route.names_object:
        reading = ROUTES[f"GET {route.path.partition('{id}')[0]}{{id}}"]
        found = who.at_an_object(permission, place, reading=reading, has_owner=bool(route.owner))
    return Said.FORBIDDEN if turned_away and found == Said.ALLOWED else found


def places(route: Route, world: World) -> list[str]:
    """Return where a thing may belong that can be asked of ``route``."""
    if route.names_object:
        assert route.model is not None
        return sorted(world.rows_of(route.model))
    if route.name in BODIES:
        return [*PLACES, NOWHERE]
    return [*PLACES] if route.is_in_program else [NOWHERE]


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
def test_a_route_lets_in_whom_the_table_lets_in(route: Route, world: World) -> None:
    everybody = [*world.signed_in, *world.with_token, *world.with_keys(ROUTES[route.name]), STRANGER]
    wrong = []
    for place in places(route, world):
        for who in everybody:
            answer = knock(route, who, world, place)
            if said(answer) != expected(route, who, place):
                wrong.append(f"{who} in {place}: {answer.status_code} {answer.content[:90]!r}")
            assert "Content-Disposition" not in answer.headers or route.name in EXPORTS

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("route", [route for route in routes() if ROUTES.get(route.name) == SIGNED_IN], ids=name_of)
def test_a_route_for_whoever_is_signed_in_is_for_no_stranger(route: Route, world: World) -> None:
    assert said(knock(route, STRANGER, world, NOWHERE)) == Said.SIGN_IN


# Lists


def visible(route: Route, who: Knocker, world: World, place: str) -> set[str]:
    """Return the ids of all rows that a list may show."""
    assert route.model is not None
    permission = ROUTES[route.name]
    allowed = {world.id_of(each) for each in (*PLACES, NOWHERE) if who.holds(permission, each)}
    if route.is_in_program:
        allowed &= {world.id_of(place)}
    return {str(row.pk) for row in route.model._default_manager.all() if places_of(row) & allowed}


@pytest.mark.parametrize("route", LISTS, ids=name_of)
def test_a_list_shows_what_is_in_reach_and_nothing_else(route: Route, world: World) -> None:
    for place in places(route, world):
        for who in [*world.signed_in, *world.with_keys(ROUTES[route.name])]:
            if expected(route, who, place) != Said.ALLOWED:
                continue
            answer = knock(route, who, world, place, query="?page_size=200" if route.lists_rows else "")
            assert answer.status_code == 200, answer.content
            assert who.knows_xanadu or "xanadu" not in answer.content.decode().lower()
            if route.lists_rows:
                assert answer.json()["next"] is None, "more than a page: the comparison would not be whole"
                shown = {str(row["id"]) for row in answer.json()["results"]}
                assert shown == visible(route, who, world, place), who


def account_of(row: Any) -> int:
    """Return what a filter by account takes to find ``row``."""
    entry = row.entries.first() if isinstance(row, Transaction) else row
    return int(entry.debit_account_id) if entry else 1


# What a transaction is found by and does not have itself.
OF_ITS_ENTRIES: dict[str, Callable[[Transaction], Any]] = {
    "account": account_of,
    "account_code": lambda row: Account.objects.filter(program=row.program_id).values_list("code", flat=True)[0],
    "amount": lambda row: 1,
    "asset": lambda row: Account.objects.filter(program=row.program_id).values_list("asset__code", flat=True)[0],
}


def probes(route: Route, world: World) -> Iterator[str]:
    """Yield queries that would tell of another program's row, were it looked for outside of what is in reach."""
    assert route.model is not None
    foreign = world.rows[route.model, XANADU]
    filterset = getattr(route.view, "filterset_class", None)
    for name, each in sorted(filterset.base_filters.items()) if filterset else ():
        value: Any = foreign
        if isinstance(foreign, Transaction) and name in OF_ITS_ENTRIES:
            value = OF_ITS_ENTRIES[name](foreign)
        else:
            for part in ["account_of"] if name == "account" else each.field_name.split("__"):
                value = account_of(foreign) if part == "account_of" else getattr(value, part)
                value = value.first() if hasattr(value, "get_queryset") else value
        if isinstance(value, datetime):
            value = value.isoformat().replace("+", "%2B")
        yield f"?{name}={value}"
    for field in getattr(route.view, "ordering_fields", ()):
        yield from (f"?ordering={field}", f"?ordering=-{field}")
        for direction in ("next", "previous"):
            cursor = cursor_at(foreign, ordering=(field, "id"), direction=direction)
            yield f"?ordering={field},id&cursor={cursor}"
    ordering = route.view.ordering
    if all(name.removeprefix("-") == "id" for name in ordering):
        yield from (
            f"?cursor={cursor_at(foreign, ordering=tuple(ordering), direction=d)}" for d in ("next", "previous")
        )


@pytest.mark.parametrize("route", [route for route in LISTS if route.lists_rows], ids=name_of)
def test_no_filter_ordering_or_cursor_reaches_further(route: Route, world: World) -> None:
    place = ACME if route.is_in_program else NOWHERE
    people, others = world.signed_in, world.with_keys(ROUTES[route.name])
    let_in = [[who for who in each if expected(route, who, place) == Said.ALLOWED] for each in (people, others)]
    for who in [who for each in let_in for who in each[:3] if not who.knows_xanadu]:
        may_see = visible(route, who, world, ACME)
        for query in probes(route, world):
            answer = knock(route, who, world, ACME, query=query)
            if answer.status_code == 200:
                assert {str(row["id"]) for row in answer.json()["results"]} <= may_see, (who.name, query)
            assert "xanadu" not in answer.content.decode().lower().replace(query.lower(), ""), (who.name, query)


@pytest.mark.parametrize("route", [route for route in LISTS if route.lists_rows], ids=name_of)
def test_a_longer_page_asks_the_database_no_more(route: Route, world: World) -> None:
    owner = next(who for who in world.signed_in if str(who) == "OWNER of acme")
    assert route.model is not None

    def page_of(size: int) -> tuple[int, list[str]]:
        with CaptureQueriesContext(connection) as asked:
            answer = knock(route, owner, world, ACME, query=f"?page_size={size}")
        return len(answer.json()["results"]), [query["sql"] for query in asked]

    with undone():
        for _ in range(2 if route.model in IN_PROGRAM else 0):
            IN_PROGRAM[route.model](world.programs[ACME])
        page_of(1)  # what is looked up once is looked up
        (short, few), (long, many) = page_of(1), page_of(3)

    assert short == 1
    # Of whoever belongs to one program, that is all of them.
    assert long == (1 if route.name == "GET /api/v2/programs" else 3)
    assert len(many) == len(few), "\n".join(many)


@pytest.mark.parametrize("route", [route for route in GUARDED if route.method == "GET"], ids=name_of)
def test_the_browsable_page_says_no_more(route: Route, world: World) -> None:
    for who in world.signed_in:
        if who.knows_xanadu or expected(route, who, ACME) != Said.ALLOWED:
            continue
        page = knock(route, who, world, ACME, Accept="text/html")
        assert page.status_code == 200
        assert "xanadu" not in page.content.decode().lower(), who


# Whether one may propose follows from the kind.


@pytest.mark.parametrize("kind", sorted(kind.name for kind in kinds()))
def test_a_kind_is_proposed_by_whom_it_names(kind: str, world: World) -> None:
    permission = next(each.permission_to_propose for each in kinds() if each.name == kind)
    route = next(route for route in routes() if route.name == "POST /api/v2/proposals")
    for place in PLACES:
        for who in world.signed_in:
            body = {"kind": kind, "program": place, "payload": {"nonsense": 1}, "reason": "x"}
            with undone():
                answer = who.client.post(route.path, body, headers={"Idempotency-Key": "k"})
            if not who.held("proposal.read"):
                wanted = Said.FORBIDDEN
            elif place not in who.may_name():
                wanted = Said.NOT_THERE
            else:
                wanted = Said.ALLOWED if who.holds(permission, place) else Said.FORBIDDEN
            assert said(answer) == wanted, (who.name, place, answer.content)
