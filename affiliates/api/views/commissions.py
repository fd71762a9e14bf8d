"""/api/v2/affiliates/commissions: what was earned, and what becomes of it; and what other rates would have come to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affiliates import operations
from affiliates.api.filters import CommissionOfAnyFilter
from affiliates.api.serializers import BulkInput, BulkOutput, CommissionOutput, WhatIfInput, WhatIfsOutput, WhyInput
from affiliates.api.views.door import AffiliatesDoor
from affiliates.errors import BadRates
from affiliates.models import Commission
from affiliates.queries import people
from affiliates.queries.payability import situations_of
from affiliates.queries.what_if import Wish, what_if
from affiliates.states import CommissionState
from audit.errors import DomainError
from identity.doors import InProgram, idempotent
from wallets.api.views.door import read

READ, HOLD, VOID = "commission.read", "commission.hold", "commission.void"

Many = dict[UUID, Commission | DomainError]


def told_why_not(page: Sequence[Commission]) -> Any:
    """Return rows as they are shown, with what keeps each from being paid."""
    situations = situations_of([(row.affiliate, row.asset.code) for row in page])
    return CommissionOutput(page, many=True, context={"situations": situations, "at": timezone.now()}).data


class CommissionViewSet(AffiliatesDoor, viewsets.GenericViewSet[Commission]):
    """The program's commissions, or those of the affiliate that the caller is."""

    owner: ClassVar = "affiliate__user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {
        "list": READ,
        "retrieve": READ,
        "hold": HOLD,
        "release": HOLD,
        "void": VOID,
        "bulk": HOLD,
    }
    queryset = Commission.objects.all()
    serializer_class = CommissionOutput
    filterset_class = CommissionOfAnyFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("accrued_at", "payable_at")

    def rows(self) -> Any:
        return Commission.objects.select_related("asset", "affiliate__program")

    def list(self, request: Request) -> Response:
        """List commissions, the latest first: how each came about, and why it is not paid yet."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(told_why_not(page))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show a commission."""
        return Response(told_why_not([self.get_object()])[0])

    @extend_schema(request=WhyInput, responses=CommissionOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def hold(self, request: Request, pk: UUID) -> Response:
        """Keep it from being paid until somebody releases it."""
        return self._one("hold")

    @extend_schema(request=WhyInput, responses=CommissionOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def release(self, request: Request, pk: UUID) -> Response:
        """Let it go on: due, or waiting for the end of its hold period."""
        return self._one("release")

    @extend_schema(request=WhyInput, responses=CommissionOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def void(self, request: Request, pk: UUID) -> Response:
        """Take it out of what is earned, for good."""
        return self._one("void")

    @extend_schema(request=BulkInput, responses=BulkOutput, filters=False)
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    @idempotent()
    def bulk(self, request: Request) -> Response:
        """Hold, release or void many, each by itself: what can't be done is named, and the others are done."""
        asked = read(BulkInput, request)
        if asked["verb"] == "void" and not self.caller.may(VOID, self.program):
            raise PermissionDenied
        ids = list(dict.fromkeys(asked["ids"]))
        outcomes = _done(asked["verb"], ids, program_id=self.program.pk, reason=asked["reason"])
        return Response(BulkOutput({"results": [_outcome(pk, outcomes[pk]) for pk in ids]}).data)

    def _one(self, verb: str) -> Response:
        row, asked = self.get_object(), read(WhyInput, self.request)
        outcome = _done(verb, [row.pk], program_id=row.program_id, reason=asked["reason"])[row.pk]
        if isinstance(outcome, DomainError):
            raise outcome
        return Response(told_why_not([self.rows().get(pk=row.pk)])[0])


def _done(verb: str, ids: Sequence[UUID], *, program_id: UUID, reason: str) -> Many:
    at = timezone.now()
    if verb == "void":
        return {pk: _voided(pk, program_id=program_id, reason=reason) for pk in ids}
    change = operations.hold_commissions if verb == "hold" else operations.release_commissions
    bulk = change(ids, program_id=program_id, reason=reason, at=at)
    return {**bulk.refused, **{row.pk: row for row in bulk.done}}


def _voided(pk: UUID, *, program_id: UUID, reason: str) -> Commission | DomainError:
    try:
        with transaction.atomic():
            return operations.void_commission(pk, program_id=program_id, reason=reason, at=timezone.now())
    except DomainError as refusal:
        return refusal


def _outcome(pk: UUID, came: Commission | DomainError) -> dict[str, Any]:
    if isinstance(came, DomainError):
        return {"id": pk, "is_done": False, "state": None, "code": came.code, "message": str(came)}
    return {"id": pk, "is_done": True, "state": CommissionState(came.state), "code": None, "message": None}


class WhatIfView(InProgram, APIView):
    """What other rates would have come to."""

    permissions: ClassVar = {"post": READ}

    @extend_schema(operation_id="rates_what_if", request=WhatIfInput, responses={200: WhatIfsOutput})
    def post(self, request: Request) -> Response:
        """Work out what a past period would have earned, had a tier, an affiliate or the program had these rates."""
        asked = read(WhatIfInput, request)
        direct, override = asked["direct_rate"], asked["override_rate"]
        if asked["tier"] and asked["affiliate"]:
            raise BadRates(reason="name a tier or an affiliate, or neither")
        if max(direct, override) > 1 or direct > Decimal(1) - override:
            raise BadRates(reason="they are fractions, and together at most 1")
        if asked["tier"]:
            people.tier_of(asked["tier"], program_id=self.program.pk)
        if asked["affiliate"]:
            people.affiliate_of(asked["affiliate"], program_id=self.program.pk)
        wish = Wish(tier_id=asked["tier"], affiliate_id=asked["affiliate"], direct=direct, override=override)
        outcomes = what_if(self.program, wish, start=asked["start"], end=asked["end"])
        return Response(WhatIfsOutput({"results": outcomes}).data)
