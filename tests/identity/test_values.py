"""The types of settings: one stored form for each value, and a sentence for what is none."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.values import Boolean, Choice, DecimalNumber, Duration, Integer, ListOf, NotAValue, Text, in_words

SIX_WEEKS = Duration(low=timedelta(0), high=timedelta(days=42))
BPS = DecimalNumber(low=Decimal(0), high=Decimal(10_000), places=4)
LINE = Text(longest=30)

TYPES = [
    Integer(low=-5, high=5),
    BPS,
    SIX_WEEKS,
    Boolean(),
    Choice(options=(("A", "First"), ("B", "Second"))),
    LINE,
    Text(longest=30, several_lines=True),
    ListOf(item=LINE, most=3),
]

words = st.sampled_from(["A", "B", "P1D", "PT", "1e5", "\u0661\u0662"])
numbers = st.from_regex(r"-?[0-9]+\.[0-9]*") | st.from_regex(r"[0-9]{1,3} ?[dhms]", fullmatch=True)
plain = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | words | numbers
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


@given(sent=anything)
@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.code)
def test_a_value_has_one_stored_form_or_is_refused_in_words(kind: Any, sent: Any) -> None:
    try:
        stored = kind.read(sent)
    except NotAValue:
        return

    assert kind.read(stored) == stored
    assert type(kind.read(stored)) is type(stored)
    assert kind.shown(stored)
    kind.value(stored)


@given(number=st.decimals(min_value=0, max_value=10_000, places=4))
def test_decimals_are_exact_and_have_no_idle_noughts(number: Decimal) -> None:
    stored = BPS.read(f"{number:f}")

    assert BPS.value(stored) == number
    assert isinstance(stored, str)
    assert stored == "0" or not (("." in stored) and stored.endswith("0"))
    assert "E" not in stored


@given(seconds=st.integers(min_value=0, max_value=42 * 86_400))
def test_a_length_of_time_goes_there_and_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)

    assert SIX_WEEKS.value(SIX_WEEKS.read(in_words(length))) == length
    assert SIX_WEEKS.value(SIX_WEEKS.read(f"{seconds}s")) == length


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("PT24H", "P1D"),
        ("24h", "P1D"),
        ("1d 12h", "P1DT12H"),
        ("P1DT12H", "P1DT12H"),
        ("90 minutes", "PT1H30M"),
        ("0s", "PT0S"),
        ("P42D", "P42D"),
    ],
)
def test_people_and_machines_write_lengths_of_time(sent: str, stored: str) -> None:
    assert SIX_WEEKS.read(sent) == stored


@pytest.mark.parametrize(
    "sent", ["", "P", "PT", "24", "1w", "-1d", "1.5h", "43d", "999999999999d", "1d1d", None, 24, "1\u212a"]
)
def test_what_is_no_length_of_time(sent: Any) -> None:
    with pytest.raises(NotAValue):
        SIX_WEEKS.read(sent)


@pytest.mark.parametrize(
    "sent", [1.5, 1, "1e3", "NaN", "Infinity", "1.00001", "10000.0001", "-0.1", "1,5", "٣", " 1", True]
)
def test_what_is_no_decimal(sent: Any) -> None:
    with pytest.raises(NotAValue):
        BPS.read(sent)


@pytest.mark.parametrize("sent", ["", "  ", "two\nlines", "a\x00b", "\ud800", "x" * 31, 5, ["a"]])
def test_what_is_no_line(sent: Any) -> None:
    with pytest.raises(NotAValue):
        LINE.read(sent)


def test_a_key_of_several_lines_is_text() -> None:
    assert Text(longest=30, several_lines=True).read("---\nabc\n---\n") == "---\nabc\n---"


def test_a_list_names_nothing_twice() -> None:
    with pytest.raises(NotAValue, match="twice"):
        ListOf(item=LINE, most=3).read(["a", " a"])


def test_true_is_no_number() -> None:
    with pytest.raises(NotAValue):
        Integer(low=0, high=5).read(True)
