"""The wallet service, /wallets/{user_id}/: what somebody has, and adding to it or spending from it."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from wallets import operations
from wallets.api.filters import LineOfAnyFilter
from wallets.api.serializers import (
    BalancesOutput,
    BookedOutput,
    OfAssetInput,
    TopUpInput,
    WalletTransactionOutput,
)
from wallets.api.views.door import READ, WalletsDoor, is_new, read, shown, told
from wallets.api.views.examples import BALANCES, BONUS, BOOKED, LINES, SPEND, TOP_UP
from wallets.models import Wallet, WalletTransaction
from wallets.queries.holdings import with_holdings

WHOSE = OpenApiParameter(
    "user_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The id of a user, or of a party that has wallets."
)


class WalletServiceViewSet(WalletsDoor, viewsets.GenericViewSet[WalletTransaction]):
    """Somebody's wallets, by the id of the user. Staff and keys name anybody, everybody else themselves."""

    permissions: ClassVar = {
        "balance": READ,
        "transactions": READ,
        "topup": "wallet.credit",
        "bonus": "wallet.credit",
        "spend": "wallet.spend",
    }
    address_names_object: ClassVar = False  # it names somebody of the program, who has rows in it
    queryset = WalletTransaction.objects.all()
    serializer_class = WalletTransactionOutput
    filterset_class = LineOfAnyFilter
    ordering: ClassVar = ("-id",)

    @extend_schema(parameters=[WHOSE], responses=BalancesOutput, filters=False, examples=BALANCES)
    def balance(self, request: Request, user_id: UUID) -> Response:
        """Show what somebody has of every asset."""
        party = self.party_named(user_id, READ)
        wallets = with_holdings(Wallet.objects.filter(party=party).select_related("asset")).order_by("asset__code")
        return Response(BalancesOutput({"user_id": party.user_id, "party_id": party.pk, "wallets": wallets}).data)

    @extend_schema(parameters=[WHOSE], responses=WalletTransactionOutput(many=True), examples=LINES)
    def transactions(self, request: Request, user_id: UUID) -> Response:
        """List what has happened in somebody's wallets, the latest first."""
        party = self.party_named(user_id, READ)
        rows = WalletTransaction.objects.filter(wallet__party=party).select_related("wallet__asset")
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(WalletTransactionOutput(page, many=True).data)

    @extend_schema(parameters=[WHOSE], request=TopUpInput, responses={201: BookedOutput}, examples=[*TOP_UP, *BOOKED])
    @idempotent()
    def topup(self, request: Request, user_id: UUID) -> Response:
        """Add what was paid in: money comes from the rail account that received it, points from the treasury."""
        return self._book(user_id, "topup", operations.top_up, TopUpInput)

    @extend_schema(parameters=[WHOSE], request=OfAssetInput, responses={201: BookedOutput}, examples=[*BONUS, *BOOKED])
    @idempotent()
    def bonus(self, request: Request, user_id: UUID) -> Response:
        """Give somebody something: points are issued by the treasury, money is an expense of the program."""
        return self._book(user_id, "bonus", operations.issue_bonus, OfAssetInput)

    @extend_schema(parameters=[WHOSE], request=OfAssetInput, responses={201: BookedOutput}, examples=[*SPEND, *BOOKED])
    @idempotent()
    def spend(self, request: Request, user_id: UUID) -> Response:
        """Spend: points go back to the treasury, money is the program's revenue."""
        return self._book(user_id, "spend", operations.spend, OfAssetInput)

    def _book(self, user_id: UUID, verb: str, operation: Any, form: Any) -> Response:
        now, permission = timezone.now(), self.permissions[verb]
        try:
            asked = read(form, self.request)
        except ValidationError:
            self.party_named(user_id, permission)  # who is not there is not there, whatever was sent
            raise
        wallet_id = self.wallet_named(user_id, asked.pop("asset"), permission)
        line = operation(wallet_id, program_id=self.program.pk, key=self.house_key(verb), at=now, **asked)
        return told(shown(BookedOutput, line), is_new=is_new(line, at=now))
