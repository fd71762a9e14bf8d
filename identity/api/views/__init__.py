"""Doors of the API into identity."""

from identity.api.views.keys import ApiKeyViewSet
from identity.api.views.programs import ProgramViewSet

__all__ = ("ApiKeyViewSet", "ProgramViewSet")
