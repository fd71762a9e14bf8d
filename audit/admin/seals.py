"""Seals as a window."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.windows import RecordedAdmin, column, instant, whole_id
from audit.models import Seal
from audit.queries.keys import believed_keys


def _key(seal: Seal) -> str:
    current, *old = believed_keys()
    if seal.public_key == current:
        return f"{seal.key_id}, which signs today"
    return f"{seal.key_id}, an older one" if seal.public_key in old else f"{seal.key_id}, not one of this house"


@admin.register(Seal)
class SealAdmin(RecordedAdmin):
    """Seals. They cover rows of all programs, so the permission alone decides."""

    permission_to_view = "seal.read"
    id_fields = ()

    list_display = (
        column("number", "Number", lambda seal: f"Seal {seal.number}", ordering="number"),
        instant("sealed_at", "Sealed"),
        "source",
        column("rows", "Rows", lambda seal: f"{seal.count:,}", ordering="count"),
        "epoch",
        "key_id",
    )
    list_filter = ("source", "epoch", "key_id")
    search_fields = ("hash__exact", "root__exact")
    search_help_text = "A whole hash or root"
    fields = (
        column("number", "Number", lambda seal: str(seal.number)),
        instant("sealed_at", "Sealed"),
        "source",
        column("rows", "Rows", lambda seal: f"{seal.count:,}"),
        column("first", "First row", lambda seal: f"{seal.first_row_id}, transaction {seal.first_transaction_id}"),
        column("last", "Last row", lambda seal: f"{seal.last_row_id}, transaction {seal.last_transaction_id}"),
        whole_id("root", "Root"),
        whole_id("previous", "Seal before"),
        whole_id("hash", "Hash"),
        whole_id("signature", "Signature"),
        column("key", "Key", _key),
        whole_id("public_key", "Public key"),
        column("epoch", "Epoch", lambda seal: str(seal.epoch)),
        column("database", "Database", lambda seal: f"{seal.system_identifier}, timeline {seal.timeline}"),
    )
    ordering = ("-number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Seal.objects.all()
