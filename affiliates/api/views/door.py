"""What every route of affiliates stands on."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.models import Affiliate, Member
from identity.doors import OwnedDoor, note_missed
from identity.models import User
from ledger.api.serializers import IntentOutput
from ledger.api.views.intents import seconds_to_wait, with_outcome
from ledger.models import Intent
from ledger.operations import create_intent


class AffiliatesDoor(OwnedDoor):
    """A route to affiliates and what is theirs: staff and keys reach the program's, everybody else their own."""

    queryset: Any
    detail: Any

    def rows(self) -> Any:
        """Return the rows as they are shown, of every program."""
        return self.queryset.all()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.in_reach(self.rows(), self.permission_to_read)

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else self.narrowed(queryset)

    def narrowed(self, rows: Any) -> Any:
        """Return those of ``rows`` that the query asks for."""
        view: Any = super()
        return view.filter_queryset(rows)

    @property
    def is_of_all(self) -> bool:
        """Whether the caller reads everything here in the program, and not only what is theirs."""
        return self.caller.may(self.permission_to_read, self.program)

    def missing(self, model: type[Affiliate | Member], value: object, *, field: str = "pk") -> Http404:
        """Return what is answered for something that is not there, or not the caller's."""
        note_missed(self.request, model, value, field=field)
        return Http404()

    def own_member(self) -> Member | None:
        """Return the member that the caller is, in the program."""
        return Member.objects.filter(program=self.program, user=self.caller.person_id).first()


class IntentsDoor(AffiliatesDoor):
    """A route that asks for something that workers carry out. The key is natural: whoever asks twice asks once."""

    program: Any

    def asked_for(self, kind: str, *, key: str, payload: dict[str, Any]) -> tuple[Intent, dict[str, str]]:
        """Create the intent, or find it, and wait as long as the caller would; return it with the answer's headers."""
        wait = seconds_to_wait(self.request)
        created = create_intent(kind, program_id=self.program.pk, key=key, payload=payload)
        headers = {"Idempotent-Replayed": "true"} if created.is_replay else {}
        return with_outcome(created.intent, wait=wait), headers

    def accepted(self, kind: str, *, key: str, payload: dict[str, Any]) -> Response:
        """Answer with the intent."""
        intent, headers = self.asked_for(kind, key=key, payload=payload)
        return Response(IntentOutput(intent).data, status=202, headers=headers)


def person(request: Request) -> User:
    """Return who signs in: a key is turned away."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
