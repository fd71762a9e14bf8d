"""Writing bodies: plain, or in the envelope that the wallet service's callers expect."""

from typing import Any

from django.conf import settings
from rest_framework import renderers


def _wrap(data: Any, context: Any) -> Any:
    request, response = context.get("request"), context.get("response")
    if request is None or response is None or not request.path.startswith(settings.ENVELOPED_PREFIXES):
        return data
    if response.status_code == 204:
        return data
    refused = response.status_code >= 400
    return {"success": not refused, "data": None if refused else data, "error": data if refused else None}


class JSONRenderer(renderers.JSONRenderer):
    """JSON; under the enveloped paths ``{"success", "data", "error"}``."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        rendered: bytes = super().render(_wrap(data, renderer_context or {}), accepted_media_type, renderer_context)
        return rendered


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """The same answers for people: forms and links, with our JSON inside."""

    def get_default_renderer(self, view: Any) -> Any:
        return JSONRenderer()
