"""Signing in at the API: a password and a second factor for a pair of tokens."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from axes.handlers.proxy import AxesProxyHandler
from axes.utils import reset
from django.conf import settings
from django.contrib.auth import authenticate, user_login_failed
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.context import Actor, bind
from identity import tokens
from identity.api.serializers import AccessOutput, CodeInput, RefreshInput, RevokeInput, SignInInput, TokenPairOutput
from identity.callers import PersonCaller
from identity.doors import caller_of
from identity.errors import EmailNotVerified, SecondFactorCodeRequired, SecondFactorWrong, SignInLocked
from identity.models import TokenFamily, User
from identity.operations import (
    check_second_factor,
    issue_tokens,
    note_failed_second_factor,
    refresh_tokens,
    revoke_tokens,
    step_up,
)
from identity.operations.issue_tokens import TokenPair


class _TokenView(APIView):
    throttle_scope = "tokens"  # passwords and codes are tried here: a limit of its own


class SignInView(_TokenView):
    """Sign in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="auth_token", request=SignInInput, responses={200: TokenPairOutput}, auth=[])
    def post(self, request: Request) -> Response:
        """Give an address, a password and, where the account has a second factor, a code: get a pair of tokens."""
        form = SignInInput(data=request.data)
        form.is_valid(raise_exception=True)
        email = User.objects.normalize_email(form.validated_data["email"])
        user = authenticate(request._request, email=email, password=form.validated_data["password"])
        _refuse_the_locked_out(request)
        if not isinstance(user, User):
            raise AuthenticationFailed
        bind(Actor("user", str(user.pk)))
        if not EmailAddress.objects.filter(user_id=user.pk, verified=True).exists():
            raise EmailNotVerified
        now = timezone.now()
        second_factor = "none"
        if is_mfa_enabled(user):
            code = form.validated_data.get("code")
            if not code:
                raise SecondFactorCodeRequired
            second_factor = _checked(request, user, code, at=now)
        reset(ip=request.META.get("REMOTE_ADDR"), username=user.email)
        return _pair(issue_tokens(user=user, second_factor=second_factor, at=now))


class RefreshView(_TokenView):
    """Go on."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="auth_refresh", request=RefreshInput, responses={200: TokenPairOutput}, auth=[])
    def post(self, request: Request) -> Response:
        """Give a refresh token: get the next pair. One that comes twice ends the whole sign-in."""
        form = RefreshInput(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            return _pair(refresh_tokens(form.validated_data["refresh"], at=timezone.now()))
        except tokens.BadToken:
            raise AuthenticationFailed from None


class RevokeView(_TokenView):
    """End."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="auth_revoke", request=RevokeInput, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        """Give a token: all tokens of its sign-in open nothing any more. What was never a token is answered alike."""
        form = RevokeInput(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        for kind in (tokens.REFRESH, tokens.ACCESS):
            try:
                claims = tokens.read(form.validated_data["token"], kind=kind, at=now)
                bind(Actor("user", str(claims.user_id)))
                revoke_tokens(claims.family_id, reason="signed out", at=now)
            except (tokens.BadToken, TokenFamily.DoesNotExist):
                continue
        return Response(status=204)


class StepUpView(_TokenView):
    """Show a second factor."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="auth_step_up", request=CodeInput, responses={200: AccessOutput}, auth=[{"token": []}])
    def post(self, request: Request) -> Response:
        """Give a code: get an access token with which one may approve and execute for five minutes."""
        caller = caller_of(request)
        # A session shows its second factor on the sign-in page, and keys have none.
        if not isinstance(caller, PersonCaller) or caller.family is None:
            raise PermissionDenied
        form = CodeInput(data=request.data)
        form.is_valid(raise_exception=True)
        if not AxesProxyHandler.is_allowed(request._request, {"email": caller.user.email}):
            raise _locked()
        now = timezone.now()
        second_factor = _checked(request, caller.user, form.validated_data["code"], at=now)
        access = step_up(user=caller.user, family_id=caller.family, second_factor=second_factor, at=now)
        return _answer(access)


def _checked(request: Request, user: User, code: str, *, at: datetime) -> str:
    """Return the kind of factor that the code proves; a wrong one is journalled and counts as a wrong password does."""
    try:
        return check_second_factor(user=user, code=code, at=at)
    except SecondFactorWrong:
        note_failed_second_factor(user=user, at=at)
        user_login_failed.send(sender=__name__, credentials={"email": user.email}, request=request._request)
        _refuse_the_locked_out(request)
        raise


def _refuse_the_locked_out(request: Request) -> None:
    # The mark would make the lock-out's middleware answer with a page.
    if getattr(request._request, "axes_locked_out", False):
        request._request.axes_locked_out = False  # type: ignore[attr-defined]
        raise _locked()


def _locked() -> SignInLocked:
    return SignInLocked(retry_after_seconds=int(timedelta(hours=settings.AXES_COOLOFF_TIME).total_seconds()))


def _pair(pair: TokenPair) -> Response:
    seconds = int(tokens.REFRESH_LASTS.total_seconds())
    return _answer(pair.access, refresh=pair.refresh, refresh_expires_in=seconds)


def _answer(access: str, **more: Any) -> Response:
    body = {
        "access": access,
        "token_type": "Bearer",
        "access_expires_in": int(tokens.ACCESS_LASTS.total_seconds()),
        **more,
    }
    return Response(body, headers={"Cache-Control": "no-store"})
