"""A person's second factor, on the person's page: what there is, and the button that proposes to reset it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from audit.errors import DomainError
from identity.admin.proposals import ReasonForm
from identity.admin.shown import person_of
from identity.models import PERSON, Membership, Program, Proposal, User
from identity.operations import propose
from identity.proposable.second_factors import RESET_SECOND_FACTOR
from identity.queries.second_factors import program_that_resets, second_factors_of


def second_factor_card(user: User, *, reader: User) -> dict[str, Any]:
    """Return what the page shows of ``user``'s second factor: nothing unless the reader may propose to reset it."""
    program = _deciding_program(user, reader)
    if program is None:
        return {}
    resets = Proposal.objects.for_user(reader).open().filter(kind=RESET_SECOND_FACTOR, expires_at__gt=timezone.now())
    return {
        "second_factors": second_factors_of(user),
        "deciding_program": program,
        "open_reset": resets.filter(subject_type=PERSON, subject_id=str(user.pk)).first(),
    }


def propose_reset(request: HttpRequest, user: User) -> HttpResponse:
    """Propose to reset ``user``'s second factor, and go to the proposal."""
    person = person_of(request)
    program = _deciding_program(user, person)
    if program is None:
        raise PermissionDenied
    form = ReasonForm(request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            proposal = propose(
                RESET_SECOND_FACTOR,
                program=program,
                payload={"user": str(user.pk)},
                reason=form.cleaned_data["reason"],
                by=person,
                at=timezone.now(),
            )
        except DomainError as refusal:
            messages.error(request, f"{refusal} Nothing was changed.")
        else:
            messages.success(request, "Proposed. It waits for another owner's vote.")
            return redirect("admin:identity_proposal_change", proposal.pk)
    return redirect("admin:identity_user_change", user.pk)


def _deciding_program(user: User, reader: User) -> Program | None:
    program = program_that_resets(user)
    proposes = Membership.objects.programs_where(reader, "second_factor.propose")
    return program if program and user.is_active and program.pk in proposes else None
