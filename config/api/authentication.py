"""Who calls."""

from rest_framework import authentication
from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    """A browser's session; unlike the framework's own it answers a stranger with 401 and not with 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"
