"""Look at a one-time code, and use it up."""

from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from identity import rules
from identity.errors import SecondFactorWrong
from identity.models import UsedCode, User

_WITH_CODES: Final = ("totp", "recovery_codes")


@transaction.atomic
def check_second_factor(*, user: User, code: str, at: datetime) -> str:
    """Return the kind of second factor that ``code`` proves: an authenticator app's or a recovery code, used up now.

    :raises SecondFactorWrong: if it proves none, or was used before.
    """
    plain = "".join(character for character in code if character.isalnum()).lower()
    # Every process counts, and the library remembers used codes in a cache that processes may not share.
    UsedCode.objects.filter(user=user, used_at__lt=at - rules.CODE_REMEMBERED).delete()
    for authenticator in Authenticator.objects.filter(user_id=user.pk, type__in=_WITH_CODES).order_by("-type"):
        if authenticator.wrap().validate_code(plain):
            try:
                with transaction.atomic():
                    UsedCode.objects.create(user=user, code_hash=rules.hash_of(plain), used_at=at)
            except IntegrityError:
                raise SecondFactorWrong from None
            authenticator.record_usage()
            return str(authenticator.type)
    raise SecondFactorWrong
