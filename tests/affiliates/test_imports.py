"""Files of affiliates and settlements: each line has a verdict, and a file can be brought again and again."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from affiliates import operations
from affiliates.models import Affiliate, Settlement
from affiliates.queries.files import (
    AFFILIATE_COLUMNS,
    AFFILIATE_REQUIRED,
    SETTLEMENT_COLUMNS,
    SETTLEMENT_REQUIRED,
    read_lines,
)
from ledger.errors import UnreadableFile
from tests.affiliates.troupe import Troupe, address

pytestmark = pytest.mark.django_db

PEOPLE = f"""reference,name,code,wallet_address,parent_code,tier
A1,Ada,ada-1,{address(1)},,
A2,Bea,bea-1,,ada-1,
A3,Cy,,,nobody-1,
A4,Dan,,0x12,,
A5,Eve,ada-1,,,
A6,,eve-1,,,
A7,Fay,fay-1,,,Gold
A8,too,few
"""


def bring(troupe: Troupe, content: bytes | str, what: str = "affiliates") -> list[str]:
    raw = content.encode() if isinstance(content, str) else content
    is_people = what == "affiliates"
    lines = read_lines(
        raw, known=AFFILIATE_COLUMNS if is_people else SETTLEMENT_COLUMNS,
        required=AFFILIATE_REQUIRED if is_people else SETTLEMENT_REQUIRED,
    )  # fmt: skip
    take = operations.import_affiliates if is_people else operations.import_settlements
    told = take(lines, program=troupe.program, at=timezone.now())
    return [f"{one.line} {one.verdict} {one.code}".strip() for one in told]


def test_each_affiliate_has_a_verdict(troupe: Troupe) -> None:
    first = bring(troupe, PEOPLE)

    assert first == [
        "2 accepted", "3 accepted", "4 rejected unknown_affiliate", "5 rejected address_makes_no_sense",
        "6 conflict code_taken", "7 rejected party_makes_no_sense", "8 rejected bad_line", "9 rejected bad_line",
    ]  # fmt: skip
    assert Affiliate.objects.get(code="bea-1").parent == Affiliate.objects.get(code="ada-1")
    assert bring(troupe, PEOPLE)[:2] == ["2 duplicate", "3 duplicate"]
    assert bring(troupe, PEOPLE.replace("bea-1", "bea-2"))[1] == "3 conflict"
    assert Affiliate.objects.count() == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"a\0b",
        b"name\nAda",
        b"reference,name,name\nA,B,C",
        b"reference,name,surprise\nA,B,C",
        b'"reference,name\nA,B',
        b"%PDF-1.7",
    ],
)
def test_what_is_no_such_file_is_refused_whole(troupe: Troupe, content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        bring(troupe, content)
    assert Affiliate.objects.count() == 0


def test_a_file_with_headings_alone_says_nothing(troupe: Troupe) -> None:
    assert bring(troupe, "\ufeffreference,name\r\n\r\n") == []


def test_a_quote_that_is_never_closed_ends_the_file(troupe: Troupe) -> None:
    assert bring(troupe, 'reference,name\nA1,Ada\nA2,"Bea\nA3,Cy\n') == ["2 accepted", "3 rejected bad_line"]


def settlements(**more: str) -> str:
    row = {"reference": "S1", "member": address(1), "asset": "USDC", "amount": "25", "chain_id": "1",
           "tx_hash": "0x" + "ab" * 32} | more  # fmt: skip
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, "2 accepted"),
        ({"tx_hash": "0x" + "AB" * 32}, "2 accepted"),
        ({"member": address(9)}, "2 rejected unknown_member"),
        ({"member": "me"}, "2 rejected address_makes_no_sense"),
        ({"asset": "GOLD"}, "2 rejected not_this_asset"),
        ({"amount": "=1+1"}, "2 rejected bad_line"),
        ({"amount": "1e999999"}, "2 rejected bad_amount"),
        ({"amount": "-5"}, "2 rejected bad_amount"),
        ({"amount": "0.0000001"}, "2 rejected amount_too_fine"),
        ({"chain_id": "one"}, "2 rejected bad_line"),
        ({"chain_id": "0"}, "2 rejected bad_receipt"),
        ({"tx_hash": "0xab"}, "2 rejected bad_receipt"),
        ({"reference": "a b"}, "2 rejected bad_reference"),
    ],
)
def test_each_settlement_has_a_verdict(troupe: Troupe, more: dict[str, str], verdict: str) -> None:
    troupe.member("max", wallet_address=address(1))

    assert bring(troupe, settlements(**more), "settlements") == [verdict]
    assert Settlement.objects.count() == verdict.count("accepted")


def test_a_file_proves_nothing_and_is_known_again(troupe: Troupe) -> None:
    troupe.member("max", wallet_address=address(1))
    bring(troupe, settlements(), "settlements")

    assert bring(troupe, settlements(), "settlements") == ["2 duplicate"]
    assert bring(troupe, settlements(amount="26"), "settlements") == ["2 conflict settlement_taken"]
    settlement = Settlement.objects.get()
    assert (settlement.state, settlement.is_recognised) == ("PENDING", False)
    assert settlement.due_at is not None


def test_the_command_writes_each_verdict(troupe: Troupe, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "people.csv"
    file.write_text("reference,name\nA1,Ada\nA2,=cmd()\n")

    call_command("affiliates_import", "affiliates", file, program=troupe.program.slug, json=True)

    assert '"accepted": 2' in capsys.readouterr().out
    assert len((tmp_path / "people.csv.verdicts.csv").read_text().splitlines()) == 3
    file.write_text("reference,name\nA1,Ada\nA3,\n")
    with pytest.raises(SystemExit):
        call_command("affiliates_import", "affiliates", file, program=troupe.program.slug)
    for wrong in ({"program": "nobody"}, {"program": troupe.program.slug, "file": tmp_path / "gone.csv"}):
        with pytest.raises(CommandError):
            call_command("affiliates_import", "affiliates", wrong.pop("file", file), **wrong)
