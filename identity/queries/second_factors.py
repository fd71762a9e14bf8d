"""What secures somebody's sign-in beside the password, and who may decide that it goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator

from identity import rules
from identity.models import Program, User

LABELS: Final = {"totp": "Authenticator app", "webauthn": "Passkey", "recovery_codes": "Recovery codes"}


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """One of a person's second factors."""

    kind: str
    since: datetime
    last_used_at: datetime | None

    @property
    def label(self) -> str:
        return LABELS.get(self.kind, self.kind)


def second_factors_of(user: User) -> list[SecondFactor]:
    """Return what ``user`` shows beside the password, the oldest first."""
    return [
        SecondFactor(authenticator.type, authenticator.created_at, authenticator.last_used_at)
        for authenticator in Authenticator.objects.filter(user_id=user.pk).order_by("created_at", "pk")
    ]


def program_that_resets(user: User) -> Program | None:
    """Return whose owners decide about ``user``'s second factor: the only program it guards, else the house."""
    programs = list(Program.objects.filter(memberships__user=user).distinct()[:2])
    return programs[0] if len(programs) == 1 else Program.objects.filter(slug=rules.HOUSE_SLUG).first()
