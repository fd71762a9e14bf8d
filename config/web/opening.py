"""What a web process does before it takes its first request, which would wait for it otherwise."""

from django.urls import reverse


def open_up() -> None:
    """Load every view, and work out every address: it takes longer than most pages."""
    reverse("admin:index")
