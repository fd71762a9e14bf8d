"""What the screens of identity share."""

from uuid import UUID

from django.http import HttpRequest

from identity.models import User


def person_of(request: HttpRequest) -> User:
    """Return who looks at the screen."""
    assert isinstance(request.user, User)
    return request.user


def names_of(actors: list[str], reader: User) -> list[str]:
    """Return who acted, in words; somebody whom the reader may not see stays an id."""
    ids = [identifier for kind, _, identifier in (actor.partition(":") for actor in actors) if kind == "user"]
    known = {str(user.pk): str(user) for user in User.objects.for_user(reader).filter(pk__in=_uuids(ids))}
    return [known.get(actor.partition(":")[2], actor.replace(":", " ", 1)) for actor in actors]


def _uuids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
