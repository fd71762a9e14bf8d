"""Doors for affiliates."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from identity import rules
from identity.models import User


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show an affiliate what they earn."""
    assert isinstance(request.user, User)
    if not request.user.may("affiliate_portal.enter"):
        raise PermissionDenied
    greeting = rules.greeting(timezone.localtime().hour)
    return render(request, "affiliate/overview.html", {"greeting": greeting})
