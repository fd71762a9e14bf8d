"""/api/v2/withdrawals: owners take money out, and staff approve or reject it."""

from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent, note_missed
from identity.models import User
from wallets import operations
from wallets.api.filters import WithdrawalFilter
from wallets.api.serializers import OnceInput, RejectInput, WithdrawalOutput, WithdrawInput
from wallets.api.views.door import READ, WalletsDoor, read, told
from wallets.models import Wallet, Withdrawal

MAKE, DECIDE = "withdrawal.make", "withdrawal.decide"


class WithdrawalViewSet(
    WalletsDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Withdrawal]
):
    """What is taken out of wallets: held at once, and paid by a batch once somebody has approved it."""

    owner: ClassVar = "wallet__party__user"
    permissions: ClassVar = {
        "list": READ, "retrieve": READ, "create": MAKE, "cancel": MAKE, "approve": DECIDE, "reject": DECIDE,
    }  # fmt: skip
    queryset = Withdrawal.objects.all()
    serializer_class = WithdrawalOutput
    filterset_class = WithdrawalFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("requested_at",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Withdrawal.objects.none()
        return self.in_reach(Withdrawal.objects.select_related("wallet__asset"), READ)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=WithdrawInput, responses={201: WithdrawalOutput})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Take money out: it is held until it has left, or comes back."""
        asked, now = read(WithdrawInput, request), timezone.now()
        wallet = self._wallet(asked.pop("wallet"))
        made = operations.request_withdrawal(
            wallet.pk, program_id=wallet.program_id, key=self.house_key("withdrawal"), at=now, **asked
        )
        return told(self._shown(made), is_new=made.requested_at == now)

    @extend_schema(request=OnceInput, responses=WithdrawalOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Stop it, as its owner: as long as no batch pays it that others look at."""
        row = self.get_object()
        read(OnceInput, request)
        ended = operations.cancel_withdrawal(row.pk, program_id=row.program_id, at=timezone.now())
        return Response(self._shown(ended))

    @extend_schema(request=OnceInput, responses=WithdrawalOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def approve(self, request: Request, pk: UUID) -> Response:
        """Let the next batch pay it. Whoever approves has no vote on that batch."""
        row = self.get_object()
        read(OnceInput, request)
        if not isinstance(request.user, User):  # a key decides nothing
            raise PermissionDenied
        approved = operations.approve_withdrawal(row.pk, program_id=row.program_id, by=request.user, at=timezone.now())
        return Response(self._shown(approved))

    @extend_schema(request=RejectInput, responses=WithdrawalOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def reject(self, request: Request, pk: UUID) -> Response:
        """Turn it down: what was held is its owner's again."""
        row, asked = self.get_object(), read(RejectInput, request)
        ended = operations.reject_withdrawal(
            row.pk, program_id=row.program_id, reason=asked["reason"], at=timezone.now()
        )
        return Response(self._shown(ended))

    def _wallet(self, wallet_id: UUID) -> Wallet:
        """Return the wallet that is meant.

        :raises Http404: if the program has none such, or it is somebody else's.
        """
        found = Wallet.objects.filter(pk=wallet_id, program=self.program).select_related("party").first()
        if found is None or not self._reaches(found.party.user_id, MAKE):
            note_missed(self.request, Wallet, wallet_id)
            raise Http404
        return found

    def _shown(self, row: Withdrawal) -> dict[str, Any]:
        fresh = Withdrawal.objects.select_related("wallet__asset").get(pk=row.pk)
        return dict(WithdrawalOutput(fresh).data)
