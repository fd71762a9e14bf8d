"""The sign-in library's forms that take a second factor: counted by the lock-out and written down, as at the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter as accounts
from allauth.core import context
from allauth.mfa.adapter import get_adapter as second_factors
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import user_login_failed
from django.core.exceptions import ValidationError
from django.utils import timezone

from identity.errors import SecondFactorWrong
from identity.models import User
from identity.operations import check_second_factor, note_failed_second_factor


@contextmanager
def counted(user: User, *, at: datetime) -> Iterator[None]:
    """Look at nothing of somebody who is locked out, and count and write down what is refused in the block.

    :raises ValidationError: if they are locked out, or the block raises it.
    """
    request = context.request
    if not AxesProxyHandler.is_allowed(request, {"email": user.email}):
        request.axes_locked_out = True  # the lock-out's middleware answers with its page
        raise accounts().validation_error("too_many_login_attempts")
    try:
        yield
    except ValidationError:
        note_failed_second_factor(user=user, at=at)
        user_login_failed.send(sender=__name__, credentials={"email": user.email}, request=request)
        raise


class _Code:
    """A code, of an authenticator app or one to recover with: used up in the database, for every door at once."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        now = timezone.now()
        with counted(self.user, at=now):
            try:
                kind = check_second_factor(user=self.user, code=code, at=now)
            except SecondFactorWrong:
                raise second_factors().validation_error("incorrect_code") from None
        self.authenticator = Authenticator.objects.get(user_id=self.user.pk, type=kind)
        self.authenticator.user = self.user
        return code


class _Passkey:
    """A passkey's answer."""

    user: User

    def clean_credential(self) -> Any:
        with counted(self.user, at=timezone.now()):
            return super().clean_credential()  # type: ignore[misc]


class CodeForm(_Code, AuthenticateForm):
    """A code, to sign in with."""


class CodeAgainForm(_Code, ReauthenticateForm):
    """A code, shown once more."""


class PasskeyForm(_Passkey, AuthenticateWebAuthnForm):
    """A passkey, to sign in with after a password."""


class PasskeyAgainForm(_Passkey, ReauthenticateWebAuthnForm):
    """A passkey, shown once more."""
