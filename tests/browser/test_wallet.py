"""Proving an address with a wallet in the browser, and without one."""

from typing import Any

import pytest
from playwright.sync_api import expect

from identity.models import User, WalletAddress
from tests.browser.conftest import NARROW, Visit
from tests.wallet import ADDRESS, sign, sign_bytes

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

# What a wallet's extension puts into pages: it asks its owner, here the test, and answers.
_WALLET = """window.ethereum = {
  request: async ({ method, params }) => {
    const answer = await window.walletAnswers(method, params ?? []);
    if (answer.refused) throw Object.assign(new Error("User rejected the request."), { code: 4001 });
    return answer.result;
  },
};"""


def install_wallet(visit: Visit, *, refuses: list[str]) -> None:
    def answers(method: str, params: list[Any]) -> dict[str, Any]:
        if method in refuses:
            return {"refused": True}
        if method == "personal_sign":
            message, address = params
            assert address == ADDRESS
            return {"result": sign_bytes(message)}
        return {"result": {"eth_requestAccounts": [ADDRESS.lower()], "eth_chainId": "0x89"}[method]}

    visit.context.expose_function("walletAnswers", answers)
    visit.context.add_init_script(_WALLET)


def test_a_wallet_in_the_browser_fills_in_the_forms(visit: Visit, customer: User) -> None:
    refuses = ["personal_sign"]
    install_wallet(visit, refuses=refuses)
    visit.sign_in(customer)

    page = visit.open("/portal/profile/")
    page.get_by_role("button", name="Use the wallet in this browser").click()
    page.wait_for_url("**/portal/profile/addresses/*/")
    sign_it = page.get_by_role("button", name="Sign with the wallet in this browser")
    sign_it.click()
    expect(page.get_by_role("alert")).to_have_text("You declined in the wallet. Nothing was sent.")
    refuses.clear()
    sign_it.click()
    page.wait_for_url("**/portal/profile/")

    expect(page.get_by_text(f"{ADDRESS} is yours.")).to_be_visible()
    proven = WalletAddress.objects.get()
    assert (proven.shown, proven.chain_id, proven.user) == (ADDRESS, 137, customer)


def test_without_one_they_are_filled_in_by_hand(visit: Visit, customer: User) -> None:
    visit.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    visit.sign_in(customer)

    page = visit.open("/portal/profile/")
    expect(page.get_by_role("button", name="Use the wallet in this browser")).to_be_hidden()
    page.get_by_role("textbox", name="Address").fill(ADDRESS)
    page.get_by_role("button", name="Get the text to sign").click()
    page.wait_for_url("**/portal/profile/addresses/*/")
    assert visit.overflow() == 0
    # As somebody's clipboard takes it to a wallet elsewhere.
    text = page.locator("#wallet-text").input_value()
    page.get_by_label("Signature").fill(sign(text))
    page.get_by_role("button", name="Prove it").click()
    page.wait_for_url("**/portal/profile/")

    expect(page.get_by_text(f"{ADDRESS} is yours.")).to_be_visible()
    assert visit.overflow() == 0
    assert WalletAddress.objects.get().user == customer
