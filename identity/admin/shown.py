"""What the screens of identity share."""

from django.http import HttpRequest

from identity.models import User


def person_of(request: HttpRequest) -> User:
    """Return who looks at the screen."""
    assert isinstance(request.user, User)
    return request.user
