"""What the owners of the house set for everybody holds from the next page, sign-up and mail on."""

from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.utils import timezone

from config.house import mail as house_mail
from config.house.mail import HouseMail
from identity.errors import SettingMakesNoSense, SettingUnreadable
from identity.models import Program, Setting, User
from identity.operations import store_setting
from tests.identity.test_settings import spoil

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting")]

SERVER = "smtp+tls://books:s3cret@mail.example.com:2525"


def put(house: Program, key: str, value: Any) -> None:
    row = Setting.objects.filter(key=key).first()
    version = row.version if row else 0
    store_setting(key, program=house, value=value, version=version, reason="x", at=timezone.now())


def test_the_name_stands_on_pages_and_mails(house: Program, alice: User) -> None:
    client = Client()
    put(house, "house.name", "Kontor & Sons")

    assert "Kontor &amp; Sons" in client.get("/accounts/login/").content.decode()
    form = {"email": "new@example.com", "password1": "a long enough word", "password2": "a long enough word"}
    client.post("/accounts/signup/", form)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert "Kontor &amp; Sons" in client.get("/portal/").content.decode()
    assert "Kontor &amp; Sons" in client.get("/admin/").content.decode()
    assert mail.outbox[0].subject.startswith("Kontor & Sons: ")


def test_sign_up_can_be_closed(house: Program) -> None:
    form = {"email": "new@example.com", "password1": "a long enough word", "password2": "a long enough word"}
    put(house, "house.sign_up_open", False)

    Client().post("/accounts/signup/", form)
    assert not User.objects.exists()

    put(house, "house.sign_up_open", True)
    Client().post("/accounts/signup/", form)
    assert User.objects.get().email == "new@example.com"


class Wire:
    """What would be an SMTP server."""

    used: list[dict[str, Any]] = []

    def __init__(self, **how: Any) -> None:
        self.used.append(how)

    def send_messages(self, messages: list[EmailMessage]) -> int:
        return len(messages)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(Wire, "used", [])
    monkeypatch.setattr(house_mail, "Smtp", Wire)
    return Wire.used


def send() -> int:
    with get_connection("config.house.mail.HouseMail") as connection:
        return EmailMessage("a", "b", to=["c@example.com"], connection=connection).send()


def test_mail_leaves_where_the_house_says(house: Program, wire: list[dict[str, Any]], settings: Any) -> None:
    settings.ENVIRONMENT_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send() == 1
    assert len(mail.outbox) == 1

    put(house, "house.mail_server", SERVER)
    assert send() == 1

    assert len(mail.outbox) == 1
    assert {**wire[0], "timeout": None} == {
        "host": "mail.example.com", "port": 2525, "username": "books", "password": "s3cret", "use_tls": True,
        "use_ssl": False, "timeout": None, "fail_silently": False,
    }  # fmt: skip

    put(house, "house.mail_server", None)
    assert send() == 1
    assert len(mail.outbox) == 2


def test_mail_does_not_leave_another_way_when_the_server_can_not_be_read(
    house: Program, wire: list[dict[str, Any]], settings: Any
) -> None:
    settings.ENVIRONMENT_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    put(house, "house.mail_server", SERVER)
    spoil(ciphertext="1.00000000.AAAA")

    with pytest.raises(SettingUnreadable):
        send()

    assert not wire
    assert not mail.outbox


@pytest.mark.parametrize(
    "address", ["smtp.elsewhere.example", "http://mail.elsewhere.example", "smtp://", "smtp://host:port"]
)
def test_what_is_no_mail_server_is_refused_without_repeating_it(house: Program, address: str) -> None:
    with pytest.raises(SettingMakesNoSense) as refused:
        put(house, "house.mail_server", address)

    assert address not in str(refused.value)


def test_the_house_s_backend_is_the_one_in_use() -> None:
    from config import settings

    assert f"{HouseMail.__module__}.{HouseMail.__name__}" == settings.EMAIL_BACKEND
