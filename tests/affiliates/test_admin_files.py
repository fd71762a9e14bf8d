"""Files of affiliates and settlements in the back office."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from affiliates.admin.files import BYTES_AT_MOST, LINES_AT_MOST
from affiliates.models import Affiliate, Settlement
from identity.states import Role
from tests.affiliates.test_admin import Desk
from tests.affiliates.troupe import Troupe

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker(troupe: Troupe) -> Desk:
    return Desk(troupe.program, Role.FINANCE_MAKER)


def bring(desk: Desk, what: str, troupe: Troupe, content: str | bytes) -> str:
    sent = content.encode() if isinstance(content, str) else content
    form: dict[str, Any] = {"program": troupe.program.slug, "file": SimpleUploadedFile("lines.csv", sent)}
    answer = desk.client.post(reverse(f"admin:affiliates_{what}_import"), form)
    assert answer.status_code == 200
    return answer.content.decode()


def test_affiliates_are_brought_and_each_line_is_told(troupe: Troupe, maker: Desk) -> None:
    lines = "reference,name,code,parent_code\na-1,Ann,ann-brought,\nb-1,Ben,,ann-brought\nc-1,Cora,,nobody\n"

    page = bring(maker, "affiliate", troupe, lines)

    assert "2 accepted, 1 rejected" in page.lower()
    assert Affiliate.objects.get(party__external_reference="b-1").parent == Affiliate.objects.get(code="ann-brought")
    assert "2 duplicate, 1 rejected" in bring(maker, "affiliate", troupe, lines).lower()
    assert Affiliate.objects.count() == 2


def test_settlements_are_expected_and_nothing_is_believed(troupe: Troupe, maker: Desk) -> None:
    mo = troupe.member("mo")
    lines = f"reference,member,asset,amount,chain_id,tx_hash\ns-1,{mo.wallet_address},USDC,12.5,1,0x{'ab' * 32}\n"

    assert "1 accepted" in bring(maker, "settlement", troupe, lines).lower()

    made = Settlement.objects.get()
    assert (made.state, made.confirmed_at) == ("PENDING", None)
    assert made.source_event == "file:s-1"


@pytest.mark.parametrize(
    "content",
    ["", "name\nAnn\n", "reference,name,reference\n", b"\xff\xfe\x00", "reference,name\n\0,x\n",
     "reference,name\n" + "a,b\n" * (LINES_AT_MOST + 1), "x" * (BYTES_AT_MOST + 1)],
    ids=["empty", "a column is missing", "a column twice", "no text", "a null", "too many", "too long"],
)  # fmt: skip
def test_a_file_that_can_t_be_read_changes_nothing(troupe: Troupe, maker: Desk, content: str | bytes) -> None:
    page = bring(maker, "affiliate", troupe, content)

    assert "give__error" in page
    assert not Affiliate.objects.exists()


def test_nobody_brings_a_file_into_another_program(troupe: Troupe, other: Troupe, maker: Desk) -> None:
    page = bring(maker, "affiliate", other, "reference,name\na-1,Ann\n")

    assert "give__error" in page
    assert not Affiliate.objects.exists()
