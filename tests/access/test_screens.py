"""The back office, knocked at by everybody: lists, pages of objects, buttons, and what the autocomplete finds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.db.models import Field, Model
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from tests.access import doors
from tests.access.rows import places_of
from tests.access.table import AUTOCOMPLETES, BUTTONS, EXPORTS, OF_THE_HOUSE, SCREENS
from tests.access.world import ACME, NOWHERE, PLACES, STRANGER, XANADU, Knocker, Said, World, undone

MODELS = doors.screens()
FORMS = {
    "identity_proposal_vote": {"revision": 1, "digest": "0" * 64, "decision": "APPROVE"},
    "identity_proposal_recall": {"reason": "x"},
    "audit_finding_settle": {"note": "x"},
}
# Anything that is wanted in the address beside an id.
WORDS = {"how": "explain", "key": "identity.nightly_hour", "app_label": "identity", "content_type_id": "1"}
AUTOCOMPLETE = {"app_label": "identity", "model_name": "membership", "field_name": "program", "term": ""}


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def get(who: Knocker, url: str, query: dict[str, str] | None = None, **sent: Any) -> Any:
    assert who.pages is not None
    who.pages.cookies.pop("messages", None)  # what other pages wanted said; too much of it moves into the session
    with undone():
        answer: Any = who.pages.post(url, sent["form"]) if "form" in sent else who.pages.get(url, query or {})
        if answer.streaming:  # read here, because what it is made of is undone
            answer = HttpResponse(b"".join(answer.streaming_content), status=answer.status_code, headers=answer.headers)
        return answer


def said(answer: Any) -> Said:
    """Return what a page says. Whoever asks for what is not there is led to the first page."""
    where = answer.headers.get("Location", "")
    if where.startswith(("/accounts/login/", reverse("admin:login") + "?")):
        return Said.SIGN_IN
    if answer.status_code == 404 or where == reverse("admin:index"):
        return Said.NOT_THERE
    assert answer.status_code in (200, 302, 403), answer.status_code
    return Said.FORBIDDEN if answer.status_code == 403 else Said.ALLOWED


@contextmanager
def unrendered() -> Iterator[None]:
    """Leave pages blank, where only what they would say is asked for: to render one takes ten times as long."""
    with patch.object(TemplateResponse, "rendered_content", ""):
        yield


def may_enter(who: Knocker) -> Said | None:
    if who.is_stranger:
        return Said.SIGN_IN
    return None if who.held("admin.enter") else Said.FORBIDDEN


def shown_to(who: Knocker, model: type[Model], world: World) -> set[Any]:
    """Return the keys of all rows that ``who`` may see."""
    permission = SCREENS[model._meta.label_lower]
    allowed = {world.id_of(place) for place in (*PLACES, NOWHERE) if who.holds(permission, place)}
    return {row.pk for row in model._default_manager.all() if places_of(row) & allowed}


@pytest.mark.parametrize("label", sorted(MODELS))
def test_a_screen_opens_to_whom_the_table_lets_in(label: str, world: World) -> None:
    model, permission = MODELS[label], SCREENS[label]
    wrong = []
    with unrendered():
        for who in [*world.signed_in, STRANGER]:
            of_list = may_enter(who) or (Said.ALLOWED if who.held(permission) else Said.FORBIDDEN)
            if said(get(who, address(model, "changelist"))) != of_list:
                wrong.append(f"{who}: the list")
            for place, row in world.rows_of(model).items():
                wanted = may_enter(who) or who.at_an_object(permission, place, reading=permission)
                answer = get(who, address(model, "change", row.pk))
                if said(answer) != wanted:
                    wrong.append(f"{who}, in {place}: {answer.status_code}, and not {wanted}")

    assert not wrong, "\n".join(wrong)


def queries(model: type[Model], world: World) -> Iterator[dict[str, str]]:
    """Yield what can be typed into a list's address to ask about another program's row."""
    screen, foreign = admin.site._registry[model], world.rows_of(model).get(XANADU)
    yield {}
    for number in range(1, len(screen.list_display) + 1):
        yield {"o": f"-{number}" if number % 2 else str(number)}
    if foreign is None:
        return
    for term in (str(foreign.pk), "xanadu", str(world.programs[XANADU].pk)):
        yield {"q": term}
    for lookup in (*screen.list_filter, *getattr(screen, "linked_lookups", ())):
        value: Any = foreign
        for part in lookup.removesuffix("__exact").split("__"):
            value = getattr(value, part, None)
        if value is not None:
            yield {lookup if lookup.endswith("__exact") else f"{lookup}__exact": str(value)}


@pytest.mark.parametrize("label", sorted(MODELS))
def test_a_list_counts_finds_and_sorts_what_is_in_reach_and_nothing_else(label: str, world: World) -> None:
    model = MODELS[label]
    with unrendered():
        for who in world.signed_in:
            if not (who.held("admin.enter") and who.held(SCREENS[label])):
                continue
            may_see = shown_to(who, model, world)
            for query in queries(model, world) if not who.knows_xanadu else [{}]:
                answer = get(who, address(model, "changelist"), query)
                if "cl" not in (answer.context_data or {}):  # settings: a list of what stands in the code
                    continue
                changelist = answer.context_data["cl"]
                shown = {row.pk for row in changelist.result_list}
                assert shown <= may_see, (who.name, query)
                is_whole = not query or "o" in query
                assert changelist.result_count == (len(may_see) if is_whole else len(shown)), (who.name, query)


@pytest.mark.parametrize("label", sorted(MODELS))
def test_no_page_says_a_word_of_another_program(label: str, world: World) -> None:
    model = MODELS[label]
    for who in world.signed_in:
        if who.knows_xanadu or not who.held(SCREENS[label]) or not who.held("admin.enter"):
            continue
        pages = [address(model, "changelist"), address(model, "change", world.rows_of(model)[ACME].pk)]
        for page in pages:
            answer = get(who, page)
            assert answer.status_code == 200
            assert "xanadu" not in answer.content.decode().lower(), (who.name, page)


# Buttons


@cache  # to ask the site for its addresses is to make all of them anew
def words_of(name: str) -> list[str]:
    """Return what stands in the address of a button beside plain text."""
    route = next(str(each.pattern) for _, each in doors.patterns(admin.site.urls[0]) if each.name == name)
    return re.findall(r"<(?:\w+:)?(\w+)>", route)


@cache
def model_of(name: str) -> type[Model] | None:
    """Return the model of the screen that a button is on."""
    return next((each for label, each in MODELS.items() if name.startswith(label.replace(".", "_") + "_")), None)


def press(button: str, who: Knocker, world: World, place: str, **instead: Any) -> Any:
    method, _, name = button.partition(" ")
    model = model_of(name)
    row = world.rows.get((model, place)) if model else None
    known = {"pk": row.pk, "object_id": row.pk} if row else {"object_id": 1}
    words = {word: {**WORDS, **known, "slug": place, **instead}[word] for word in words_of(name)}
    url = reverse(f"admin:{name}", kwargs=words)
    query = AUTOCOMPLETE if name == "autocomplete" else {}
    return get(who, url, query) if method == "GET" else get(who, url, form=FORMS.get(name, {}))


def of_button(button: str, who: Knocker, place: str) -> Said:
    """Return what the table says."""
    permission, name = BUTTONS[button], button.partition(" ")[2]
    refused = may_enter(who)
    if who.is_stranger and name == "logout":  # led to the first page, and from there to sign in
        return Said.NOT_THERE
    if refused is not None:
        return refused
    if button in OF_THE_HOUSE:
        return Said.ALLOWED if who.holds(permission, NOWHERE) else Said.FORBIDDEN
    if not who.held(permission):
        return Said.FORBIDDEN
    if name in ("login", "view_on_site"):  # who is in is led to the first page; nothing has a page elsewhere
        return Said.NOT_THERE
    model = model_of(name)
    if model is not None and {"pk", "object_id", "slug"} & set(words_of(name)):
        return who.at_an_object(permission, place, reading=SCREENS[model._meta.label_lower])
    return Said.ALLOWED


@pytest.mark.parametrize("button", sorted(BUTTONS))
def test_a_button_works_for_whom_the_table_lets_in(button: str, world: World) -> None:
    name = button.partition(" ")[2]
    model = model_of(name)
    names_object = model is not None and {"pk", "object_id", "slug"} & set(words_of(name))
    wrong = []
    for place in sorted(world.rows_of(model)) if model is not None and names_object else [NOWHERE]:
        for who in [*world.signed_in, STRANGER]:
            may_read_xanadu = who.knows_xanadu or place == XANADU
            with unrendered() if may_read_xanadu else nullcontext():
                answer = press(button, who, world, place)
            if said(answer) != of_button(button, who, place):
                wrong.append(f"{who}, in {place}: {said(answer)} ({answer.status_code})")
            assert "Content-Disposition" not in answer.headers or button in EXPORTS
            if not may_read_xanadu:
                assert "xanadu" not in answer.content.decode(errors="replace").lower(), who

    assert not wrong, "\n".join(wrong)


# What the autocomplete finds


def search(who: Knocker, column: "Field[Any, Any]", term: str) -> Any:
    meta = column.model._meta
    asked = {"app_label": meta.app_label, "model_name": str(meta.model_name), "field_name": column.name, "term": term}
    return get(who, reverse("admin:autocomplete"), asked)


@pytest.mark.parametrize("label", sorted(AUTOCOMPLETES))
def test_the_autocomplete_finds_what_its_screen_shows(label: str, world: World) -> None:
    model, columns = MODELS[label], doors.autocompletes()[label]
    for who in [*world.signed_in, STRANGER]:
        wanted = may_enter(who) or (Said.ALLOWED if who.held(AUTOCOMPLETES[label]) else Said.FORBIDDEN)
        answer = search(who, columns[0], "")
        assert said(answer) == wanted, who
        if wanted == Said.ALLOWED:
            may_see = {str(key) for key in shown_to(who, model, world)}
            assert {line["id"] for line in answer.json()["results"]} <= may_see
            assert answer.json()["results"] or not may_see
            for term in ("xanadu", str(world.programs[XANADU].pk)) if not who.knows_xanadu else ():
                nothing = {"results": [], "pagination": {"more": False}}
                assert search(who, columns[0], term).json() == nothing, (who.name, term)


@pytest.mark.parametrize("label", sorted(AUTOCOMPLETES))
def test_the_autocomplete_finds_the_same_through_every_column(label: str, world: World) -> None:
    owner = next(who for who in world.signed_in if str(who) == "OWNER of acme")
    columns = doors.autocompletes()[label]

    found = {column: search(owner, column, "").content for column in columns}

    assert len(set(found.values())) == 1, {str(column) for column in found}
