"""What the screens of identity share."""

from django.http import HttpRequest

from identity.models import User

# The names our states' colours have in the admin theme.
LABELS = {"good": "success", "warn": "warning", "bad": "danger", "info": "info", "neutral": "default"}


def person_of(request: HttpRequest) -> User:
    """Return who looks at the screen."""
    assert isinstance(request.user, User)
    return request.user
