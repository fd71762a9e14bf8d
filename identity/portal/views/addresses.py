"""Proving a wallet address, with a wallet in the browser or by copying the text to one elsewhere."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from audit.errors import DomainError
from identity.models import AddressChallenge, User
from identity.operations import ask_for_proof, prove_address
from identity.portal.forms import AddressForm, SignatureForm
from identity.portal.views.ways import way_back


@login_required
def ask_address(request: HttpRequest) -> HttpResponse:
    """Give the person a text to sign."""
    user = request.user
    assert isinstance(user, User)
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            challenge = ask_for_proof(sent["address"], chain_id=sent["chain_id"], by=user, at=timezone.now())
        except DomainError as refusal:
            form.add_error("address", str(refusal))
        else:
            return redirect("portal:sign_address", challenge.pk)
    return render(request, "portal/ask_address.html", {"address_form": form})


@login_required
def sign_address(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the text to sign, and take the signature."""
    user = request.user
    assert isinstance(user, User)
    challenge = get_object_or_404(AddressChallenge, pk=pk, user=user)
    form = SignatureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            # The text is the one that is stored: a browser would send it back with other line ends.
            proven = prove_address(challenge.text, signature=form.cleaned_data["signature"], by=user, at=timezone.now())
        except DomainError as refusal:
            form.add_error("signature", str(refusal))
        else:
            messages.success(request, f"{proven.shown} is yours.")
            return redirect(way_back(request, "proof") or "portal:profile")
    return render(request, "portal/sign_address.html", {"challenge": challenge, "form": form})
