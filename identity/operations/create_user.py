"""Make a person who can sign in."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.operations import record
from identity.errors import EmailTaken
from identity.models import User


@transaction.atomic
def create_user(*, email: str, password: str | None, name: str = "", at: datetime) -> User:
    """Make a person; without a password they can't sign in until they set one.

    :raises EmailTaken: if somebody signs in with ``email`` already.
    """
    user = User(email=email, name=name, created_at=at)
    user.set_password(password)
    user.clean()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as collision:
        raise EmailTaken(email=user.email) from collision

    record("identity.user.created", subject=user, at=at)
    return user
