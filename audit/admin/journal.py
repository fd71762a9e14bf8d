"""The journal as a window, and the proof of a line to take away."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from audit.access import may
from audit.admin.windows import (
    RecordedAdmin,
    actor_in_words,
    as_json,
    column,
    correlation_url,
    instant,
    named,
    reference,
    subject_reference,
    whole_id,
)
from audit.models import Entry
from audit.queries.proving import NotAsSealed, NotSealed, proof_of, seal_of
from audit.sources import JOURNAL


def _sealed(entry: Entry) -> str:
    seal = seal_of(JOURNAL, entry.pk)
    return f"Under seal {seal.number}" if seal else "Not sealed yet"


@admin.register(Entry)
class EntryAdmin(RecordedAdmin):
    """The journal."""

    permission_to_view = "journal.read"

    list_display = (
        instant("at", "Time"),
        column("sentence", "What happened", lambda entry: entry.sentence),
        column("subject", "To what", subject_reference),
        column("actor", "Who", actor_in_words),
        column(
            "correlation",
            "Correlation id",
            lambda entry: reference(entry.correlation_id, url=correlation_url(entry)),
        ),
    )
    list_filter = ("subject_type", "actor_type")
    # Whole values, so that the indexes serve.
    search_fields = ("correlation_id__exact", "subject_id__exact", "actor_id__exact", "action__exact")
    search_help_text = "A whole correlation, subject or actor id, or an action"
    linked_lookups = ("program_id__exact", "actor_id__exact")
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = (
        instant("at", "Time"),
        column("sentence", "What happened", lambda entry: entry.sentence),
        "action",
        column("subject", "To what", lambda entry: subject_reference(entry, short=False)),
        column("actor", "Who", actor_in_words),
        whole_id("actor_id", "Actor id"),
        whole_id("program_id", "Program id"),
        column(
            "correlation",
            "Correlation id",
            lambda entry: reference(entry.correlation_id, url=correlation_url(entry), short=False),
        ),
        as_json("payload", "Payload"),
        whole_id(),
        column("seal", "Seal", _sealed),
        column("transaction_id", "Database transaction", lambda entry: str(entry.transaction_id)),
    )

    def get_urls(self) -> list[URLPattern]:
        proof = self.admin_site.admin_view(self.proof_view)
        # In front of Django's own, the last of which takes every address for an old one of an object.
        return [path("<path:object_id>/proof/", proof, name="audit_entry_proof"), *super().get_urls()]

    def ties(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        seal = seal_of(JOURNAL, row.pk)
        if seal is None:
            return []
        ties = [("Download proof", reverse("admin:audit_entry_proof", args=[row.pk]))]
        if may(request, "seal.read"):
            ties.append((f"Seal {seal.number}", reverse("admin:audit_seal_change", args=[seal.pk])))
        return ties

    def proof_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand out the proof of an entry to whoever may read the entry.

        :raises PermissionDenied: to who reads no journal.
        :raises Http404: if there is no such entry in the journals that the caller reads.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        try:
            proof = proof_of(JOURNAL, entry.pk)
        except (NotSealed, NotAsSealed) as nothing:
            self.message_user(request, str(nothing), messages.ERROR)
            return redirect("admin:audit_entry_change", entry.pk)
        answer = JsonResponse(proof, json_dumps_params={"indent": 1})
        answer["Content-Disposition"] = f'attachment; filename="proof-{entry.pk}.json"'
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return named(super().get_queryset(request), reader=request.user)  # type: ignore[arg-type]
