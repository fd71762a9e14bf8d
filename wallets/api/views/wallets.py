"""/api/v2/wallets: found, opened, and what is done with one."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from ledger.models import Hold
from wallets import operations
from wallets.api.filters import LineFilter, WalletFilter
from wallets.api.serializers import (
    AdjustInput,
    BookedOutput,
    HoldInput,
    HoldOutput,
    OpenInput,
    TransferInput,
    WalletOutput,
    WalletReasonInput,
    WalletTransactionOutput,
)
from wallets.api.views.door import READ, WalletsDoor, is_new, read, shown, told
from wallets.models import Wallet
from wallets.queries.holdings import with_holdings


class WalletViewSet(WalletsDoor, mixins.ListModelMixin, viewsets.GenericViewSet[Wallet]):
    """The program's wallets, or the caller's own."""

    permissions: ClassVar = {
        "list": READ,
        "retrieve": READ,
        "transactions": READ,
        "holds": READ,
        "create": "wallet.open",
        "transfer": "wallet.spend",
        "hold": "wallet.hold",
        "adjust": "wallet.adjust",
        "freeze": "wallet.freeze",
        "unfreeze": "wallet.freeze",
        "close": "wallet.freeze",
    }
    queryset = Wallet.objects.all()
    serializer_class = WalletOutput
    filterset_class = WalletFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("opened_at",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Wallet.objects.none()
        return self.in_reach(with_holdings(Wallet.objects.select_related("asset")), READ)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists of wallets only."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(responses=WalletOutput)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show a wallet and what it holds; its version is the `ETag` too."""
        return self._shown(self.get_object())

    @extend_schema(request=OpenInput, responses={201: WalletOutput, 200: WalletOutput})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Open somebody's wallet of an asset; 200 with the one that is there when it was opened before."""
        asked, now = read(OpenInput, request), timezone.now()
        party = self.party_named(asked["owner"], "wallet.open")
        wallet = operations.open_wallet(party.pk, program_id=self.program.pk, asset_code=asked["asset"], at=now)
        return self._shown(wallet, status=201 if wallet.opened_at == now else 200)

    @extend_schema(responses=WalletTransactionOutput(many=True), operation_id="wallet_transactions_list")
    @action(detail=True, methods=["get"], filterset_class=LineFilter, ordering=("-id",), ordering_fields=())
    def transactions(self, request: Request, pk: UUID) -> Response:
        """List what has happened in a wallet, the latest first."""
        rows = self.get_object().transactions.select_related("wallet__asset")
        page = self.paginate_queryset(super().filter_queryset(rows))
        return self.get_paginated_response(WalletTransactionOutput(page, many=True).data)

    @extend_schema(request=TransferInput, responses={201: BookedOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def transfer(self, request: Request, pk: UUID) -> Response:
        """Move something to another wallet of the program."""
        wallet, now = self.get_object(), timezone.now()
        asked, key = read(TransferInput, request), self.house_key("transfer")
        line = operations.transfer(pk, program_id=wallet.program_id, key=key, at=now, **asked)
        return told(shown(BookedOutput, line), is_new=is_new(line, at=now))

    @extend_schema(request=AdjustInput, responses={201: BookedOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def adjust(self, request: Request, pk: UUID) -> Response:
        """Put a wallet right by hand. More than one may adjust alone is proposed instead (`wallets.adjust`)."""
        wallet, now = self.get_object(), timezone.now()
        asked, key = read(AdjustInput, request), self.house_key("adjust")
        line = operations.adjust(pk, program_id=wallet.program_id, key=key, at=now, **asked)
        return told(shown(BookedOutput, line), is_new=is_new(line, at=now))

    @extend_schema(request=WalletReasonInput, responses=WalletOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def freeze(self, request: Request, pk: UUID) -> Response:
        """Let the owner take nothing from the wallet any more; everything else still books to it."""
        return self._change(request, operations.freeze)

    @extend_schema(request=WalletReasonInput, responses=WalletOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def unfreeze(self, request: Request, pk: UUID) -> Response:
        """Make a frozen wallet active again."""
        return self._change(request, operations.unfreeze)

    @extend_schema(request=WalletReasonInput, responses=WalletOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def close(self, request: Request, pk: UUID) -> Response:
        """Close an empty wallet for good."""
        return self._change(request, operations.close)

    @extend_schema(responses=HoldOutput(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, ordering=("-id",), ordering_fields=())
    def holds(self, request: Request, pk: UUID) -> Response:
        """List what is or was set aside in a wallet, the latest first."""
        rows: Any = Hold.objects.filter(wallet=self.get_object().account_id).select_related("wallet")
        page = self.paginate_queryset(super().filter_queryset(rows))
        return self.get_paginated_response(HoldOutput(page, many=True).data)

    @extend_schema(request=HoldInput, responses={201: HoldOutput})
    @holds.mapping.post
    @idempotent()
    def hold(self, request: Request, pk: UUID) -> Response:
        """Set something aside: it stays in the wallet, and only a capture takes it."""
        wallet, now = self.get_object(), timezone.now()
        asked, key = read(HoldInput, request), self.house_key("hold")
        held = operations.hold(pk, program_id=wallet.program_id, key=key, at=now, **asked)
        return told(HoldOutput(held).data, is_new=held.held_at == now)

    def _change(self, request: Request, change: Any) -> Response:
        wallet = self.get_object()
        changed = change(wallet.pk, program_id=wallet.program_id, at=timezone.now(), **read(WalletReasonInput, request))
        return self._shown(changed)

    def _shown(self, wallet: Wallet, *, status: int = 200) -> Response:
        shown = with_holdings(Wallet.objects.select_related("asset")).get(pk=wallet.pk)
        return Response(WalletOutput(shown).data, status=status, headers={"ETag": f'"{shown.version}"'})
