"""What drf-spectacular can't see by itself: the errors every route can answer with."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

ERROR = inline_serializer(
    "Error",
    {
        "code": serializers.CharField(help_text="For programs; every code stands in docs/errors.md."),
        "message": serializers.CharField(help_text="For people."),
        "params": serializers.DictField(help_text="What the message was made of."),
        "correlation_id": serializers.CharField(help_text="Finds the request in our logs and in the journal."),
    },
)


class Schema(AutoSchema):
    """Adds the error body to every operation."""

    def get_response_serializers(self) -> Any:
        declared = super().get_response_serializers()
        success = "204" if self.method == "DELETE" else "201" if self.method == "POST" else "200"
        answers = dict(declared) if isinstance(declared, dict) else {success: declared}
        answers.setdefault("400", ERROR)
        answers.setdefault("401", ERROR)
        answers.setdefault("403", ERROR)
        if "{" in self.path:
            answers.setdefault("404", ERROR)
        answers.setdefault("429", ERROR)
        return answers


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes our session authentication; the library knows only its own class."""

    target_class = "config.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
