"""How a person's sign-in is secured."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from identity.models import User


@login_required
def security(request: HttpRequest) -> HttpResponse:
    """Show how the person's sign-in is secured."""
    user = request.user
    assert isinstance(user, User)
    current = request.session.session_key
    sessions = UserSession.objects.purge_and_list(user)
    return render(
        request,
        "portal/security.html",
        {
            "second_factor": second_factor(user),
            "elsewhere": accounts_elsewhere(request, user),
            "sessions": [
                {
                    "user_agent": session.user_agent,
                    "ip": session.ip,
                    "last_seen_at": session.last_seen_at,
                    "is_current": session.session_key == current,
                }
                for session in sessions
            ],
        },
    )


def second_factor(user: User) -> dict[str, bool | int]:
    """Return what secures the person's sign-in beside the password."""
    authenticators = list(Authenticator.objects.filter(user=user))
    kinds = [authenticator.type for authenticator in authenticators]
    codes = [each for each in authenticators if each.type == Authenticator.Type.RECOVERY_CODES]
    return {
        "totp": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "recovery_codes_left": sum(len(each.wrap().get_unused_codes()) for each in codes),
    }


def accounts_elsewhere(request: HttpRequest, user: User) -> dict[str, list[str]]:
    """Return by name where else the person's account can be opened from, and where it could be."""
    offered = {provider.sub_id: provider.name for provider in get_adapter().list_providers(request)}
    connected = SocialAccount.objects.filter(user=user).order_by("pk").values_list("provider", flat=True)
    return {"offered": list(offered.values()), "connected": [offered.get(name, name) for name in connected]}
