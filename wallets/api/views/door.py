"""What every route to wallets stands on."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import OwnedDoor, note_missed
from identity.models import Party
from wallets.models import WalletTransaction
from wallets.queries.holdings import wallet_named, wallet_of

READ: Final = "wallet.read"

_SEEN: Final = re.compile(r'(?:W/)?"([0-9]{1,18})"')


class WalletsDoor(OwnedDoor):
    """A route to wallets: staff and keys reach the program's, everybody else their own."""

    owner: ClassVar = "party__user"
    permission_to_read: ClassVar[str] = READ

    def party_named(self, owner_id: UUID, permission: str) -> Party:
        """Return whom a party's id means, or that of the user who signs in for it.

        :raises Http404: if the program has none such, or it is somebody else for whom ``permission`` is not held.
        """
        named = Q(pk=owner_id) | Q(user=owner_id)
        party = Party.objects.filter(named, program=self.program).first()
        if party is None or not self._reaches(party.user_id, permission):
            note_missed(self.request, Party, owner_id)
            raise Http404
        return party

    def wallet_named(self, owner_id: UUID, asset_code: str, permission: str) -> UUID:
        """Return the id of somebody's wallet of an asset.

        :raises Http404: as above.
        :raises NoWallet: if they have none.
        """
        found = wallet_named(owner_id, program_id=self.program.pk, asset_code=asset_code)
        if found is None or not self._reaches(found[1], permission):
            party = self.party_named(owner_id, permission)
            return wallet_of(party.pk, program_id=party.program_id, asset_code=asset_code).pk
        return found[0]

    def _reaches(self, user_id: UUID | None, permission: str) -> bool:
        is_own = user_id is not None and user_id == self.caller.person_id
        return is_own or self.caller.may(permission, self.program)


def read(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what was sent, checked, without the key; where a version can be named, that of If-Match too.

    :raises ValidationError: if something is missing or makes no sense.
    """
    sent = form(data=request.data)
    sent.is_valid(raise_exception=True)
    asked = dict(sent.validated_data)
    asked.pop("idempotency_key", None)
    if "version" in asked:
        asked["version"] = _seen_version(request, asked["version"])
    return asked


def _seen_version(request: Request, stated: int | None) -> int | None:
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return stated
    seen = _SEEN.fullmatch(header)
    if seen is None:
        raise serializers.ValidationError({"If-Match": ['The version that was seen, in quotes: "3".']})
    if stated not in (None, int(seen[1])):
        raise serializers.ValidationError({"version": ["The header If-Match names another one."]})
    return int(seen[1])


@cache
def _shows(form: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    # Its fields are worked out from the model anew for every instance, and only for that.
    return form()


def shown(form: type[serializers.Serializer[Any]], row: Any) -> dict[str, Any]:
    """Return ``row`` as ``form`` shows it."""
    return dict(_shows(form).to_representation(row))


def told(body: Mapping[str, Any], *, is_new: bool) -> Response:
    """Answer with what was made, or with what stood there before the key's answer was forgotten."""
    return Response(body, status=201, headers={} if is_new else {"Idempotent-Replayed": "true"})


def is_new(line: WalletTransaction, *, at: datetime) -> bool:
    """Whether a line was written just now."""
    return line.created_at == at
