"""Routes that do on purpose what real ones must never do, to see what the doors make of it."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.errors import DomainError
from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ("handler400", "handler403", "handler404", "handler500", "urlpatterns")


class OutOfApples(DomainError):
    """Raised for the tests' sake."""

    code = "out_of_apples"
    status = 422
    message = "There are only {left} apples."


class LineInput(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=10, decimal_places=2)


class OrderInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=5)
    lines = LineInput(many=True, required=False)


class EchoView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"amount": "1.00"})

    def post(self, request: Request) -> Response:
        form = OrderInput(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(request.data, status=201)

    def delete(self, request: Request) -> Response:
        return Response(status=204)


class FailView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, kind: str) -> Response:
        raise {
            "refusal": OutOfApples(left=3),
            "bug": RuntimeError("a secret detail"),
            "database": OperationalError("password authentication failed for user root"),
            "forbidden": PermissionDenied(),
            "unsafe": SuspiciousOperation("a secret detail"),
            "throttled": Throttled(wait=7.2),
        }[kind]


urlpatterns = [
    *urlpatterns,
    *[path(f"{prefix}/echo", EchoView.as_view()) for prefix in ("api/v2", "wallets", "api/customer")],
    *[path(f"{prefix}/fail/<str:kind>", FailView.as_view()) for prefix in ("api/v2", "wallets", "api/customer")],
]
