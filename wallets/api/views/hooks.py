"""Where rails tell us what happened. Whoever knows the address may speak; only what proves itself is believed."""

import re
from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.context import acting_as
from wallets.api.serializers import HookOutput
from wallets.errors import NotProven, UnknownHook
from wallets.models import RailAccount
from wallets.operations import receive_event
from wallets.queries.rail_accounts import account_of_hook
from wallets.rails import rail_named
from wallets.states import RailEventState

_ABOUT: Final = re.compile(r"[a-z]/[0-9a-f]{1,60}")


class HookView(APIView):
    """Notices of one rail account."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = ()  # what proves a notice are the bytes as they came

    @extend_schema(
        operation_id="hook", request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: HookOutput, 202: HookOutput}, auth=[],
    )  # fmt: skip
    def post(self, request: Request, code: str, token: str) -> Response:
        """Take in a notice: 202 when it is kept and proven, and again for the same one; 401 when nothing proves it.

        Some rails ask for 200 instead of 202, and get it.
        """
        return self._take(request, account_of_hook(code, token))

    def _take(self, request: Request, account: RailAccount, about: str = "") -> Response:
        sent: HttpRequest = request._request
        with acting_as("rail", account.name, program_id=account.program_id):
            event = receive_event(
                account, body=sent.body, headers=dict(sent.headers), address=sent.META.get("REMOTE_ADDR"),
                at=timezone.now(), about=about,
            )  # fmt: skip
        if event.state == RailEventState.REJECTED:
            raise NotProven(reason=event.verdict.partition(": ")[2].rstrip(".") or event.verdict)
        rail = rail_named(account.rail)
        said = rail.answer_of_success or HookOutput(event.duplicate_of or event).data
        return Response(said, status=rail.status_of_success)


class HookAboutView(HookView):
    """Notices of one rail account, each at the address that a request of ours has named for it."""

    @extend_schema(
        operation_id="hook_about", request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: HookOutput, 202: HookOutput}, auth=[],
    )  # fmt: skip
    def post(self, request: Request, code: str, token: str, about: str) -> Response:
        """Take in what a rail says of something that it was asked for; otherwise as the address without ``about``."""
        account = account_of_hook(code, token)
        if not rail_named(account.rail).hears_what_about or not _ABOUT.fullmatch(about):
            raise UnknownHook
        return self._take(request, account, about)
