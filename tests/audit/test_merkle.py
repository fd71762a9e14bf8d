"""The tree and the bytes under it: every leaf proves under its own index, and each value has one form."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import (
    StoredJson,
    audit_path,
    canonical,
    encode_row,
    instant,
    leaf_hash,
    node_hash,
    root,
    root_from_path,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def tree(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


def split_root(leaves: list[bytes]) -> bytes:
    """RFC 6962's own words, to hold ours against."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + split_root(leaves[:split]) + split_root(leaves[split:])).digest()


def test_known_hashes() -> None:
    # RFC 6962's test vectors: the empty tree, the leaf without content, and eight leaves.
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(each)) for each in inputs]

    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaves[0].hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("count", range(1, 71))
def test_every_leaf_proves_under_its_own_index_and_no_other(count: int) -> None:
    leaves = tree(count)
    top = root(leaves)
    assert top == split_root(leaves)

    for index, leaf in enumerate(leaves):
        path = audit_path(leaves, index)
        for claimed in range(-1, count + 1):
            reached = root_from_path(leaf, index=claimed, count=count, path=path)
            assert (reached == top) == (claimed == index), (index, claimed)


@given(st.integers(1, 70), st.data())
def test_a_path_with_a_step_more_less_or_other_leads_elsewhere(count: int, data: Any) -> None:
    leaves = tree(count)
    index = data.draw(st.integers(0, count - 1))
    path = audit_path(leaves, index)
    wrong = [[*path, leaves[0]], [leaves[0], *path]]
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        wrong += [path[:-1], [*path[:place], leaf_hash(b"other"), *path[place + 1 :]]]

    for steps in wrong:
        assert root_from_path(leaves[index], index=index, count=count, path=steps) != root(leaves)


def test_a_node_is_no_leaf() -> None:
    left, right = tree(2)

    assert node_hash(left, right) != leaf_hash(left + right)


@given(json_values, json_values)
def test_two_values_have_one_form_only_if_they_are_one(one: Any, other: Any) -> None:
    if canonical(one) == canonical(other):
        assert one == other


def test_numbers_keep_every_digit() -> None:
    stored = StoredJson('{"rate": 1.10, "big": 123456789012345678901234567890.123, "small": 0.000000000001, "n": -5}')

    text = encode_row("journal", 1, {"payload": stored}).decode()

    assert text == (
        '{"columns":{"payload":{"big":123456789012345678901234567890.123,"n":-5,"rate":1.10,'
        '"small":0.000000000001}},"format":"countinghouse-row/1","source":"journal","version":1}'
    )


def test_a_float_has_no_exact_form() -> None:
    with pytest.raises(TypeError):
        encode_row("journal", 1, {"amount": 0.1})


def test_every_kind_of_column_has_a_form() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))
    columns = {
        "id": UUID("01A1F98C-3626-757E-9C67-D04826924FEC"),
        "at": at,
        "day": at.date(),
        "amount": Decimal("1.500"),
        "raw": b"\x00\xff",
        "none": None,
        "words": "null",
        "list": [Decimal("1"), None],
    }

    text = encode_row("x", 2, columns).decode()

    for part in (
        '"id":"01a1f98c-3626-757e-9c67-d04826924fec"', '"at":"2026-01-02T01:04:05.000006Z"', '"day":"2026-01-02"',
        '"amount":"1.500"', '"raw":"00ff"', '"none":null', '"words":"null"', '"list":["1",null]',
    ):  # fmt: skip
        assert part in text


def test_a_whole_second_has_microseconds_too() -> None:
    assert instant(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"
