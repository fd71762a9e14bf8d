"""Bank files over HTTP: written by those who send, read by somebody else, and what a simulated bank makes of them."""

import csv
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from config.simulators.bank import SCENARIOS
from identity.states import Role
from payouts.models import Attempt, BankFile, PayoutBatch, ResultFile
from tests.conftest import member
from tests.factories import UserFactory
from tests.payouts.house import House
from tests.payouts.test_bank_file import account, answer, earns, failed, house
from tests.payouts.test_doors import Caller, said
from tests.signed_in import BACKEND, with_second_factor
from wallets.rails.bankfile.instructions import read_instructions

__all__ = ["account", "house"]

pytestmark = pytest.mark.django_db


class Carrier(Caller):
    """Somebody who brings files too."""

    def bring(self, batch: PayoutBatch, content: bytes, key: str = "") -> Any:
        file = SimpleUploadedFile("result.csv", content, content_type="text/csv")
        return self.client.post(
            f"/api/v2/payouts/batch/{batch.pk}/result-file", {"file": file}, format="multipart",
            headers=self._headers(key or uuid4().hex),
        )  # fmt: skip


def test_a_file_goes_out_and_comes_back_over_the_api(house: House) -> None:
    earns(house, "ada", "120.5")
    earns(house, "bea", "50")
    batch = house.started()
    mia, anton = Carrier(house, house.maker), Carrier(house, house.approver)
    path = f"/batch/{batch.pk}/bank-file"
    assert said(mia.get(path)) == (409, "no_payout_file"), "reading it does not write it"
    assert not Attempt.objects.exists()
    assert said(Carrier(house, house.maker, fresh=False).post(path)) == (403, "second_factor_required")

    written = mia.post(path, key="file-1")

    assert written.status_code == 201
    told = written.json()
    assert (told["name"], told["account"], told["count"], told["total"]) == (f"B{batch.number}-1", "shop", 2, "170.5")
    assert mia.post(path, key="file-1").json() == told
    again = mia.post(path, key="file-2")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (told, "true")
    file = mia.get(path)
    assert (file.status_code, file.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert file.headers["Content-Disposition"] == f'attachment; filename="B{batch.number}-1.csv"'
    assert mia.get(path, number="1").content == file.content == BankFile.objects.get().body
    assert said(mia.get(path, number="2")) == (409, "no_payout_file")
    assert said(mia.get(path, number="one")) == (400, "invalid")
    assert len(read_instructions(file.content).each) == Attempt.objects.count() == 2

    content = answer(BankFile.objects.get())
    assert said(mia.bring(batch, content)) == (403, "reader_has_written")
    assert said(Carrier(house, house.approver, fresh=False).bring(batch, content)) == (403, "second_factor_required")
    assert said(anton.bring(batch, content + b"x")) == (422, "bad_bank_file")
    assert said(anton.post(f"/batch/{batch.pk}/result-file", file="x")) == (400, "invalid")
    reading = anton.bring(batch, content)

    assert reading.status_code == 201
    body = reading.json()
    assert (body["is_new"], body["of"], body["counts"]) == (
        True, told, {"accepted": 2, "duplicate": 0, "conflict": 0, "rejected": 0},
    )  # fmt: skip
    assert [(line["line"], line["verdict"]) for line in body["lines"]] == [(2, "accepted"), (3, "accepted")]
    again = anton.bring(batch, content)
    assert (again.status_code, again.json()["is_new"], again.json()["counts"]["duplicate"]) == (201, False, 2)
    assert anton.get(f"/batch/{batch.pk}").json()["state"] == "EXECUTED"
    assert ResultFile.objects.count() == 1
    house.require_order()


def test_who_does_not_send_gets_no_file(house: House) -> None:
    earns(house, "ada", "120")
    batch = house.started()
    sue = Carrier(house, member(UserFactory(), house.program, Role.SUPPORT))
    auditor = Carrier(house, member(UserFactory(), house.program, Role.AUDITOR))

    for who in (sue, auditor):
        assert who.get(f"/batch/{batch.pk}/bank-file").status_code == 403
        assert who.post(f"/batch/{batch.pk}/bank-file").status_code == 403
        assert who.bring(batch, b"x").status_code == 403

    assert not BankFile.objects.exists()


def page_of(client: Client, batch: PayoutBatch) -> str:
    return client.get(f"/admin/payouts/payoutbatch/{batch.pk}/change/").content.decode()


def test_a_file_goes_out_and_comes_back_in_the_back_office(house: House) -> None:
    earns(house, "ada", "120")
    earns(house, "bea", "50")
    batch = house.started()
    mia, anton = with_second_factor(Client(), house.maker), with_second_factor(Client(), house.approver)
    here = f"/admin/payouts/payoutbatch/{batch.pk}"
    assert "Write the bank file" in page_of(mia, batch)
    assert "Read the bank" not in page_of(mia, batch)
    assert mia.get(f"{here}/bank-file/").status_code == 404
    assert "counts as sent" in mia.get(f"{here}/bank-file/write/").content.decode()
    assert not Attempt.objects.exists()

    done = mia.post(f"{here}/bank-file/write/", {"account": "shop"}, follow=True).content.decode()

    assert "Written. Take it to the bank, once" in done
    assert "Write the bank file" not in done
    assert f'href="{here}/bank-file/?number=1"' in done
    assert mia.get(f"{here}/bank-file/?number=1").content == BankFile.objects.get().body
    content = answer(BankFile.objects.get(), failed, only="Bea")

    def bring(client: Client, body: bytes) -> str:
        file = SimpleUploadedFile("result.csv", body, content_type="text/csv")
        return client.post(f"{here}/result-file/", {"file": file}, follow=True).content.decode()

    assert "Somebody else reads what came of it. Nothing was changed." in bring(mia, content)
    assert "Nothing was changed." in bring(anton, content[:-3])
    assert "This field is required." in anton.post(f"{here}/result-file/", {}).content.decode()
    assert house.payouts(batch) == ["ada 120 ACCEPTED", "bea 50 ACCEPTED"]
    told = bring(anton, content)
    assert f"B{batch.number}-1: 1 accepted." in told
    assert "No such account" in told
    assert "This file was read before" in bring(anton, content)
    assert house.payouts(batch) == ["ada 120 ACCEPTED", "bea 50 FAILED failed_at_bank"]
    assert "Anton" in page_of(anton, batch)
    stale = Client()
    stale.force_login(house.approver, backend=BACKEND)
    before = ResultFile.objects.count()
    bring(stale, answer(BankFile.objects.get(), only="Ada"))
    assert ResultFile.objects.count() == before
    house.require_order()


def test_a_batch_that_pays_nothing_by_file_shows_no_files(house: House) -> None:
    batch = house.batch()
    page = page_of(with_second_factor(Client(), house.maker), batch)

    assert "Bank files" not in page


# What the house makes of each scenario of the simulated bank.
FOUND = {
    "0001": "PAID", "9901": "FAILED", "9902": "FAILED", "9903": "FAILED", "9910": "ACCEPTED", "9911": "PAID",
}  # fmt: skip


def pays(house: House, *digits: str) -> PayoutBatch:
    for each in digits:
        house.earns(f"p{each}", "50", kind="BANK", destination=f"01100:123456{each}", holder="Jane Doe")
    return house.started()


def simulated(house: House, batch: PayoutBatch, folder: Path) -> bytes:
    """Carry a batch's file to the simulated bank, and return what it gives back."""
    mia = Carrier(house, house.maker)
    mia.post(f"/batch/{batch.pk}/bank-file")
    told = folder / "told.csv"
    told.write_bytes(mia.get(f"/batch/{batch.pk}/bank-file").content)
    out = io.StringIO()
    call_command("simulate", "bank", "--file", str(told), stdout=out)
    assert "told-result.csv" in out.getvalue()
    return (folder / "told-result.csv").read_bytes()


def test_the_simulated_bank_answers_as_a_bank_does(house: House, tmp_path: Path) -> None:
    batch = pays(house, *FOUND)

    content = simulated(house, batch, tmp_path)
    reading = Carrier(house, house.approver).bring(batch, content).json()

    assert reading["counts"] == {"accepted": 5, "duplicate": 1, "conflict": 0, "rejected": 0}
    assert {digits: house.payout(f"p{digits}").state for digits in FOUND} == FOUND
    cells = [cell for row in csv.reader(io.StringIO(content.decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]
    assert house.payout("p9903").reason.endswith('=HYPERLINK("https://bank.invalid")')
    house.require_order()


@pytest.mark.parametrize("digits", sorted({*SCENARIOS} - {*FOUND}))
def test_what_the_simulated_bank_garbles_is_refused_whole(house: House, tmp_path: Path, digits: str) -> None:
    batch = pays(house, "0001", digits)

    refusal = Carrier(house, house.approver).bring(batch, simulated(house, batch, tmp_path))

    assert said(refusal) == (422, "bad_bank_file")
    assert {payout.split()[2] for payout in house.payouts(batch)} == {"ACCEPTED"}
    assert not ResultFile.objects.exists()
    house.require_order()


def test_what_is_no_file_of_instructions_is_not_answered(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "x.csv").write_bytes(b"x")
    for name in ("x.csv", "none.csv"):
        with pytest.raises(CommandError):
            call_command("simulate", "bank", "--file", str(tmp_path / name))
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="never told of in production"):
        call_command("simulate", "bank", "--file", str(tmp_path / "x.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
