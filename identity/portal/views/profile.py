"""Who a person is: name, phone, time, wallet addresses."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from audit.errors import DomainError
from identity.models import User, WalletAddress
from identity.operations import change_user
from identity.portal.forms import AddressForm, ProfileForm


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show who the person is, and change it."""
    user = request.user
    assert isinstance(user, User)
    stands = {"name": user.name, "phone": user.phone, "time_zone": user.time_zone}
    form = ProfileForm(request.POST or None, initial=stands)
    if request.method == "POST" and form.is_valid():
        try:
            change_user(user.pk, **form.cleaned_data, at=timezone.now())
        except DomainError as refusal:
            field = refusal.params.get("field")
            form.add_error(field if field in form.fields else None, f"{refusal} Nothing was changed.")
        else:
            messages.success(request, "Changed.")
            return redirect("portal:profile")
    context = {
        "form": form,
        "address_form": AddressForm(),
        "addresses": WalletAddress.objects.for_user(user).order_by("-proven_at"),
    }
    return render(request, "portal/profile.html", context)
