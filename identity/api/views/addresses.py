"""Wallet addresses of the caller: proven by a signed message, and listed."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identity.api.serializers.addresses import ChallengeOutput, ProofInput, ProofRequest, WalletAddressOutput
from identity.models import User, WalletAddress
from identity.operations import ask_for_proof, prove_address


class ChallengeView(APIView):
    """Ask for a text to sign."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="auth_wallet_challenge", request=ProofRequest, responses={201: ChallengeOutput})
    def post(self, request: Request) -> Response:
        """Name an address: get the text to sign with its key, once and within ten minutes."""
        person = _person(request)
        form = ProofRequest(data=request.data)
        form.is_valid(raise_exception=True)
        challenge = ask_for_proof(
            form.validated_data["address"], chain_id=form.validated_data["chain_id"], by=person, at=timezone.now()
        )
        return Response(ChallengeOutput(challenge).data, status=201, headers={"Cache-Control": "no-store"})


class ProveView(APIView):
    """Prove an address."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="auth_wallet_prove", request=ProofInput, responses={200: WalletAddressOutput})
    def post(self, request: Request) -> Response:
        """Send the text with its signature: the address is the caller's from then on, and nobody else's."""
        person = _person(request)
        form = ProofInput(data=request.data)
        form.is_valid(raise_exception=True)
        proven = prove_address(
            form.validated_data["message"],
            signature=form.validated_data["signature"],
            by=person,
            at=timezone.now(),
        )
        return Response(WalletAddressOutput(proven).data)


class WalletAddressesView(ListAPIView[WalletAddress]):
    """The caller's addresses."""

    permission_classes = (IsAuthenticated,)
    queryset = WalletAddress.objects.all()
    serializer_class = WalletAddressOutput
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("proven_at",)

    def get_queryset(self) -> Any:
        return WalletAddress.objects.for_user(_person(self.request))

    @extend_schema(operation_id="auth_wallet_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the caller's own proven addresses."""
        return super().get(request, *args, **kwargs)


def _person(request: Request) -> User:
    # A key has no key of a wallet, and neither has the service.
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
