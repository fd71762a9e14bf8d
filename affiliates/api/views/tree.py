"""The tree of affiliates, one level at a time."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affiliates.api.serializers import AffiliateTreeInput, AffiliateTreeOutput
from affiliates.api.views.door import AffiliatesDoor
from affiliates.models import Affiliate
from affiliates.queries import tree

READ = "affiliate.read"


class TreeView(AffiliatesDoor, APIView):
    """Who stands under whom. An affiliate sees themselves, and what stands under them."""

    owner: ClassVar = "user"
    permission_to_read: ClassVar = READ
    permissions: ClassVar = {"get": READ}

    @extend_schema(operation_id="affiliates_tree", parameters=[AffiliateTreeInput], responses=AffiliateTreeOutput)
    def get(self, request: Request) -> Response:
        """Show a page of those right under somebody: of the caller, of `affiliate`, or at the program's top."""
        query = AffiliateTreeInput(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked, after = query.validated_data["affiliate"], query.validated_data["after"]
        top, above = (self._anybody if self.is_of_all else self._below_oneself)(asked)
        level = tree.Level([], None)
        if top is not None or self.is_of_all:
            level = tree.level(self.program.pk, under=top.pk if top else None, after=after)
        shown = {
            "affiliate": tree.node(top) if top else None, "above": above, "results": level.nodes, "after": level.after,
        }  # fmt: skip
        return Response(AffiliateTreeOutput(shown).data)

    def _anybody(self, asked: UUID | None) -> tuple[Affiliate | None, list[Affiliate]]:
        if asked is None:
            return None, []
        found = self._found(asked)
        return found, tree.line_above(found)

    def _below_oneself(self, asked: UUID | None) -> tuple[Affiliate | None, list[Affiliate]]:
        oneself = self._rows().filter(user=self.caller.person_id).first()
        if asked is None:
            return oneself, []
        if oneself is None:
            raise self.missing(Affiliate, asked)
        found = self._found(asked)
        above = tree.line_up_to(found, top=oneself.pk)
        if above is None:
            raise self.missing(Affiliate, asked)
        return found, above

    def _found(self, asked: UUID) -> Affiliate:
        found = self._rows().filter(pk=asked).first()
        if found is None:
            raise self.missing(Affiliate, asked)
        return found

    def _rows(self) -> QuerySet[Affiliate]:
        return Affiliate.objects.filter(program=self.program).select_related("party", "tier")
