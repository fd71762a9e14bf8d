"""Where mail leaves: the server that the house has set, else the environment's."""

from collections.abc import Sequence
from typing import Any

import environ
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as Smtp
from django.utils.module_loading import import_string

from config.environment.parsing import Refused, url
from identity.queries.settings import setting
from identity.values import NotAValue

TIMEOUT_SECONDS = 20
_SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl")


def check_address(address: str) -> None:
    """Refuse what is no address of a mail server; it holds a password, so it is never repeated."""
    try:
        url(*_SCHEMES)(address)
    except Refused:
        raise NotAValue("is an address such as smtp+tls://user:password@mail.example.com:587") from None


class HouseMail(BaseEmailBackend):
    """Asks for every batch where it should leave, so that a change holds from the next mail on, in every process."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send them, and return how many left.

        :raises SettingUnreadable: if a server is set and can't be read: mail does not leave another way then.
        """
        address = setting("house.mail_server")
        return int(self._backend(address).send_messages(email_messages) or 0)

    def _backend(self, address: str | None) -> Any:
        if address is None:
            return import_string(settings.ENVIRONMENT_EMAIL_BACKEND)(fail_silently=self.fail_silently)
        parts = environ.Env.email_url_config(address)
        return Smtp(
            host=parts["EMAIL_HOST"],
            port=parts["EMAIL_PORT"] or 25,
            username=parts["EMAIL_HOST_USER"],
            password=parts["EMAIL_HOST_PASSWORD"],
            use_tls=parts.get("EMAIL_USE_TLS", False),
            use_ssl=parts.get("EMAIL_USE_SSL", False),
            timeout=TIMEOUT_SECONDS,
            fail_silently=self.fail_silently,
        )
