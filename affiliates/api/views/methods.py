"""Where an affiliate can be paid."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates import operations
from affiliates.api.serializers import MethodInput, MethodOutput, VerifyInput
from affiliates.api.views.door import AffiliatesDoor, person
from affiliates.errors import UnknownMethod
from affiliates.models import Affiliate, PayoutMethod
from affiliates.queries.destinations import is_proven
from affiliates.states import MethodKind
from identity.doors import idempotent
from wallets.api.serializers import OnceInput
from wallets.api.views.door import read

READ = "affiliate.read"


class MethodViewSet(AffiliatesDoor, viewsets.GenericViewSet[Any]):
    """An affiliate's payout methods: they add and retire their own, and staff verify what nobody could sign for."""

    owner: ClassVar = "user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {
        "methods": READ,
        "add": "method.manage",
        "verify": "affiliate.manage",
        "retire": "method.manage",
    }
    queryset = Affiliate.objects.all()
    serializer_class = MethodOutput
    ordering: ClassVar = ("-id",)

    def rows(self) -> Any:
        return Affiliate.objects.select_related("program")

    @extend_schema(responses=MethodOutput(many=True), operation_id="payout_methods_list")
    def methods(self, request: Request, pk: UUID) -> Response:
        """List an affiliate's payout methods, the latest first, retired ones too."""
        page = self.paginate_queryset(self.narrowed(self.get_object().methods.all()))
        return self.get_paginated_response(MethodOutput(page, many=True).data)

    @extend_schema(request=MethodInput, responses={201: MethodOutput}, operation_id="payout_methods_add")
    @idempotent(has_secret=True)
    def add(self, request: Request, pk: UUID) -> Response:
        """Add a destination. What the affiliate has signed for is verified at once; then it cools."""
        affiliate, asked, now = self.get_object(), read(MethodInput, request), timezone.now()
        asked["kind"] = MethodKind(asked["kind"])
        method = operations.add_method(affiliate.pk, program_id=affiliate.program_id, at=now, **asked)
        if is_proven(method):
            method = operations.verify_method(
                method.pk, program_id=affiliate.program_id, evidence="Proven by the affiliate", at=now
            )
        return Response(MethodOutput(method).data, status=201)

    @extend_schema(request=VerifyInput, responses=MethodOutput, operation_id="payout_methods_verify")
    @idempotent()
    def verify(self, request: Request, pk: UUID, method_id: UUID) -> Response:
        """Say that a destination is the affiliate's. Only people say so, and not who has added it."""
        affiliate = self.get_object()
        person(request)
        method = _method(affiliate, method_id)
        verified = operations.verify_method(
            method.pk, program_id=method.program_id, at=timezone.now(), **read(VerifyInput, request)
        )
        return Response(MethodOutput(verified).data)

    @extend_schema(request=OnceInput, responses=MethodOutput, operation_id="payout_methods_retire")
    @idempotent()
    def retire(self, request: Request, pk: UUID, method_id: UUID) -> Response:
        """Pay nothing there any more, for good."""
        method = _method(self.get_object(), method_id)
        read(OnceInput, request)
        retired = operations.retire_method(method.pk, program_id=method.program_id, at=timezone.now())
        return Response(MethodOutput(retired).data)


def _method(affiliate: Affiliate, method_id: UUID) -> PayoutMethod:
    found = affiliate.methods.filter(pk=method_id).first()
    if found is None:
        raise UnknownMethod(method=method_id)
    return found
