"""The way back to where somebody was when they had to sign up, sign in or prove an address first."""

from typing import Final, Literal

from django.http import HttpRequest

Errand = Literal["sign_in", "proof"]

_KEPT: Final = "way_back"
_LONGEST: Final = 500  # what follows the path is the visitor's to write, and sessions are ours to keep


def keep_way_back(request: HttpRequest, errand: Errand) -> None:
    """Remember this page: signing up, confirming an e-mail address and signing in lead through several others.

    With what was asked of it, such as the code of who invited somebody.
    """
    whole = request.get_full_path()
    request.session[f"{_KEPT}:{errand}"] = whole if len(whole) <= _LONGEST else request.path


def way_back(request: HttpRequest, errand: Errand) -> str | None:
    """Return where the person was before the errand, once; None when they came by themselves."""
    kept = request.session.pop(f"{_KEPT}:{errand}", None)
    return kept if isinstance(kept, str) else None
