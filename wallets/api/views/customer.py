"""/api/customer: what people do with their own wallets."""

from typing import ClassVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent
from identity.models import Party
from wallets import operations
from wallets.api.serializers import DirectPaymentInput, ManualPaymentInput, PaymentOutput, WalletInfoOutput
from wallets.api.views.door import READ, WalletsDoor, read, told
from wallets.api.views.examples import DIRECT_PAYMENT, MANUAL_PAYMENT, PAID, PENDING, WALLET_INFO
from wallets.errors import NoPartyHere
from wallets.models import PaymentRecord, Wallet, WalletTransaction
from wallets.queries.holdings import wallet_of, with_holdings

TRANSACTIONS_SHOWN = 20


class CustomerViewSet(WalletsDoor, viewsets.GenericViewSet[PaymentRecord]):
    """The caller's own wallets and payments. Only people own wallets: a key is turned away."""

    permissions: ClassVar = {
        "manual_payment": "wallet.spend",
        "wallet_info": READ,
        "direct_payment": "payment.make",
    }
    serializer_class = PaymentOutput

    @extend_schema(responses=WalletInfoOutput, filters=False, examples=WALLET_INFO)
    def wallet_info(self, request: Request) -> Response:
        """Show what the caller has, and what happened last."""
        party = self._own_party()
        wallets = with_holdings(Wallet.objects.filter(party=party).select_related("asset")).order_by("asset__code")
        lines = WalletTransaction.objects.filter(wallet__party=party).select_related("wallet__asset").order_by("-id")
        info = {"user_id": self._person, "party_id": party and party.pk, "wallets": wallets if party else [],
                "transactions": lines[:TRANSACTIONS_SHOWN] if party else []}  # fmt: skip
        return Response(WalletInfoOutput(info).data)

    @extend_schema(request=ManualPaymentInput, responses={201: PaymentOutput}, examples=[*MANUAL_PAYMENT, *PAID])
    @idempotent()
    def manual_payment(self, request: Request) -> Response:
        """Pay from the caller's wallet: record, wallet, balance and link, all of it or nothing."""
        party, asked, now = self._party(), read(ManualPaymentInput, request), timezone.now()
        wallet = wallet_of(party.pk, program_id=party.program_id, asset_code=asked.pop("asset"))
        payment = operations.pay_from_wallet(
            wallet.pk, program_id=party.program_id, key=self.house_key("pay"), at=now, **asked
        )
        return told(PaymentOutput(payment).data, is_new=payment.created_at == now)

    @extend_schema(request=DirectPaymentInput, responses={201: PaymentOutput}, examples=[*DIRECT_PAYMENT, *PENDING])
    @idempotent()
    def direct_payment(self, request: Request) -> Response:
        """Record a payment through a rail: it is pending until the rail proves it, and touches no wallet."""
        party, asked, now = self._party(), read(DirectPaymentInput, request), timezone.now()
        payment = operations.record_direct_payment(
            party.pk, program_id=party.program_id, asset_code=asked.pop("asset"), key=self.house_key("pay-directly"),
            at=now, **asked,
        )  # fmt: skip
        return told(PaymentOutput(payment).data, is_new=payment.created_at == now)

    @property
    def _person(self) -> UUID:
        if self.caller.person_id is None:
            raise PermissionDenied
        return self.caller.person_id

    def _own_party(self) -> Party | None:
        return Party.objects.filter(program=self.program, user=self._person).first()

    def _party(self) -> Party:
        party = self._own_party()
        if party is None:
            raise NoPartyHere(program=self.program.slug)
        return party
