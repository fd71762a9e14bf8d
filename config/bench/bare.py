"""What spending over HTTP is measured against: a view with one INSERT, behind the same credentials and throttles."""

from typing import Any

from django.db import connection
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import urlpatterns as of_the_house


class BareView(APIView):
    """As little as a view can do and still keep something."""

    permission_classes = ()
    schema = None

    def post(self, request: Request) -> Response:
        """Keep an amount."""
        sent: Any = request.data
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_bare (amount) VALUES (%s)", [sent["amount"]])
        return Response({"amount": sent["amount"]}, status=201)


urlpatterns = [*of_the_house, path("bench/bare", BareView.as_view())]
