"""What drf-spectacular can't see by itself: the errors every route can answer with."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from identity.doors import InProgram

ERROR = inline_serializer(
    "Error",
    {
        "code": serializers.CharField(help_text="For programs; every code stands in docs/errors.md."),
        "message": serializers.CharField(help_text="For people."),
        "params": serializers.DictField(help_text="What the message was made of."),
        "correlation_id": serializers.CharField(help_text="Finds the request in our logs and in the journal."),
    },
)

ENVELOPED = inline_serializer(
    "EnvelopedError",
    {
        "success": serializers.ChoiceField([False]),
        "data": serializers.JSONField(allow_null=True),
        "error": ERROR,
    },
)

ONCE = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Send the same one whenever this request is sent again; or as the body field `idempotency_key`.",
)
PROGRAM = OpenApiParameter(
    "X-Program",
    location=OpenApiParameter.HEADER,
    description="The slug of the program; or `?program=`. A key has its own, and so has who belongs to one only.",
)


class Schema(AutoSchema):
    """Adds the error body to every operation, and the headers that doors read."""

    def get_override_parameters(self) -> list[Any]:
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
        added = [ONCE] if getattr(action, "idempotent", False) else []
        if isinstance(self.view, InProgram):
            added.append(PROGRAM)
        return [*super().get_override_parameters(), *added]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            # Added here and not among the declared answers: a view that declares its own would lose them.
            sent = {parameter["name"] for parameter in operation.get("parameters", ())}
            is_named = "{" in self.path or PROGRAM.name in sent
            statuses = ["400", "401", "403", *(["404"] if is_named else []), "429"]
            if ONCE.name in sent:
                statuses.append("409")
            is_enveloped = self.path.startswith(settings.ENVELOPED_PREFIXES)
            answers = operation["responses"]
            if is_enveloped:
                for answer in answers.values():
                    for content in answer.get("content", {}).values():
                        _envelop(content)
            # What any route may say beside: too long, not JSON, against the rules, not reachable just now.
            for status in (*statuses, "default"):
                answers.setdefault(status, self._get_response_for_code(ENVELOPED if is_enveloped else ERROR, status))
            operation["responses"] = dict(sorted(answers.items()))
        return operation

    def get_response_serializers(self) -> Any:
        declared = super().get_response_serializers()
        success = "204" if self.method == "DELETE" else "201" if self.method == "POST" else "200"
        return declared if isinstance(declared, dict) else {success: declared}


def _envelop(content: dict[str, Any]) -> None:
    """Describe an answer as it is sent where callers expect an envelope, its examples too."""
    content["schema"] = {
        "type": "object",
        "required": ["success", "data", "error"],
        "properties": {
            "success": {"type": "boolean", "enum": [True]},
            "data": content["schema"],
            "error": {"type": "object", "nullable": True, "enum": [None]},
        },
    }
    for example in content.get("examples", {}).values():
        example["value"] = {"success": True, "data": example["value"], "error": None}


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes our session authentication; the library knows only its own class."""

    target_class = "config.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Describes API keys."""

    target_class = "config.api.authentication.ApiKeyAuthentication"
    name = "api_key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Api-Key PREFIX.SECRET`"}


class AdminKeyScheme(OpenApiAuthenticationExtension):
    """Describes the service key."""

    target_class = "config.api.authentication.AdminKeyAuthentication"
    name = "admin_key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-Admin-Key"}


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes access tokens."""

    target_class = "config.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
