"""Who calls a route, whether they may, and in which program."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from audit import context
from identity.callers import Caller
from identity.doors.refusals import caller_of, note_missed
from identity.errors import ProgramRequired
from identity.models import Program


class HasPermission(BasePermission):
    """Asks the one permission that the view declares for the action."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = caller_of(request)
        if caller is None:
            return False
        action = view.action if hasattr(view, "action") else str(request.method).lower()
        if action in (None, "metadata", "options"):  # a method that the route does not have, or a question about it
            return True
        if action not in view.permissions:
            raise ImproperlyConfigured(f"{type(view).__name__} declares no permission for {action!r}.")
        # Where the address names an object, that object's program decides: see below.
        program = view.program if isinstance(view, InProgram) and view.is_asked_of_a_program else None
        permission = view.permissions[action]
        if caller.may(permission, program):
            return True
        # What is somebody else's is then out of reach, so it is not there.
        return bool(getattr(view, "owner", "")) and caller.may_with_own(permission, program)

    def has_object_permission(self, request: Request, view: Any, row: Any) -> bool:
        caller = caller_of(request)
        assert caller is not None
        program = row if isinstance(row, Program) else row.program
        context.bind(caller.actor, program_id=program.pk)
        return caller.may(view.permissions[view.action], program)


class Door:
    """A route: each of its actions declares one permission, asked before anything else happens."""

    permission_classes: Any = (HasPermission,)
    # action, or the method's name for a plain view -> permission
    permissions: ClassVar[Mapping[str, str]] = {}

    request: Any

    @property
    def caller(self) -> Caller:
        """Who calls. The permission has been asked, so somebody does."""
        caller = caller_of(self.request)
        assert caller is not None
        return caller

    def get_object(self) -> Any:
        """Return what the address names; that somebody was told it is not there is noted."""
        try:
            return super().get_object()  # type: ignore[misc]
        except Http404:
            view: Any = self
            note_missed(self.request, view.queryset.model, next(iter(view.kwargs.values())))
            raise


class InProgram(Door):
    """A route that acts in one program."""

    # Whether the part of the address that singles something out names a row, whose own program decides then.
    address_names_object: ClassVar[bool] = True

    # Where rows belong to somebody who may do some things with them: the way from a row to that person.
    owner: ClassVar[str] = ""

    _program: Program | None = None

    @property
    def is_asked_of_a_program(self) -> bool:
        """Whether the program decides, and not the object that the address names."""
        return not (self.address_names_object and getattr(self, "detail", False))

    @property
    def program(self) -> Program:
        """The program: the key's, else the named one, else the caller's only one.

        :raises ProgramRequired: if the caller has several, or none, and names none.
        :raises Http404: if the named program is not the caller's, or not the key's.
        """
        if self._program is None:
            self._program = program_of(self.request, self.caller)
            context.bind(self.caller.actor, program_id=self._program.pk)
        return self._program

    def in_reach(self, rows: Any, permission: str) -> Any:
        """Narrow ``rows`` to those the caller may see; to one program in a list, and where one is named."""
        # By the column: rows of the ledger store their program as a value.
        in_reach = Q(program_id__in=self.caller.programs(permission))
        if self.owner and self.caller.person_id:
            own = self.caller.programs_with_own(permission)
            in_reach |= Q(program_id__in=own, **{self.owner: self.caller.person_id})
        rows = rows.filter(in_reach)
        if self.is_asked_of_a_program or names_of(self.request):
            rows = rows.filter(program_id=self.program.pk)
        return rows


def names_of(request: Request) -> set[str]:
    """Return the slugs by which the request names its program."""
    sent = (request.headers.get("X-Program"), *request.query_params.getlist("program"))
    return {slug for slug in sent if slug is not None}


def program_of(request: Request, caller: Caller) -> Program:
    """Return the program in which the request is to act. See ``InProgram.program``."""
    named = names_of(request)
    if named:
        # Two names are two programs, and no caller acts in two at once.
        slug = named.pop()
        program = None if named or "\x00" in slug else caller.known_programs().filter(slug=slug).first()
        if program is None:
            note_missed(request, Program, slug, field="slug")
            raise Http404
        return program
    own = caller.only_program()
    if own is None:
        raise ProgramRequired
    return own
