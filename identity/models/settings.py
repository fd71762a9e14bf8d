"""What was set: one row for each setting that is, or once was, another than its default, and a row for each version.

Defaults live in the code (``identity.settable``), so a setting that nobody has touched has no row and version 0. The
rules that must hold whoever writes the rows are triggers (migrations/*_settings.py): every change is the next version,
each version has its row of history, neither is ever removed.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from simple_history.models import HistoricalRecords
from uuid_utils.compat import uuid7

from identity.models.people import Membership, User
from identity.vault import Place


class SettingQuerySet(models.QuerySet["Setting"]):
    """Settings."""

    def for_user(self, user: User) -> "SettingQuerySet":
        """Those of the programs in which ``user`` may read settings."""
        return self.filter(program__in=Membership.objects.programs_where(user, "setting.read"))

    def locked(self) -> "SettingQuerySet":
        """Take the setting's lock: versions come one after the other."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class _Version(models.Model):
    """What the library's row of history is on top: final."""

    is_final: ClassVar = True

    class Meta:
        abstract = True


def _author(row: Any) -> str | None:
    author: str | None = row.history_user_id
    return author


def _set_author(row: Any, author: str | None) -> None:
    row.history_user_id = author


def _changed_by(instance: "Setting", **_: Any) -> str:
    """Name the author of a version: whoever acts, be it a person, a key, a task or a command."""
    author: str = instance.changed_by
    return author


class Setting(models.Model):
    """A setting as it stands in a program; those of the house stand in the program ``house``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    type = models.CharField(max_length=10)
    # In its stored form. Null when it is back at its default, and always for a secret.
    value = models.JSONField(null=True)
    is_secret = models.BooleanField()
    ciphertext = models.TextField(blank=True)
    # All that is kept for ever of a secret: whether two versions are the same.
    fingerprint = models.CharField(max_length=32, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    # The actor's type and id: values, as in the journal.
    changed_by = models.CharField(max_length=250)
    reason = models.CharField(max_length=500)

    objects: ClassVar = SettingQuerySet.as_manager()
    history: ClassVar = HistoricalRecords(
        custom_model_name="SettingVersion",
        bases=(_Version,),
        excluded_fields=("ciphertext", "changed_at", "changed_by", "reason"),
        history_id_field=models.UUIDField(primary_key=True, default=uuid7, editable=False),
        history_user_id_field=models.CharField(max_length=250),
        history_user_getter=_author,
        history_user_setter=_set_author,
        history_change_reason_field=models.CharField(max_length=500),
        get_user=_changed_by,
        no_db_index=("program", "id"),  # (id, version) is unique, and that is how versions are found
        verbose_name="version of a setting",
        verbose_name_plural="versions of settings",
    )

    class Meta:
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(name="identity_setting_once", fields=("program", "key")),
            models.CheckConstraint(
                name="identity_setting_key_is_room_name",
                condition=models.Q(key__regex=r"^[a-z]+\.[a-z][a-z0-9_]*$"),
            ),
            models.CheckConstraint(name="identity_setting_has_a_version", condition=models.Q(version__gte=1)),
            models.CheckConstraint(
                name="identity_setting_is_plain_or_secret",
                condition=models.Q(is_secret=True, value__isnull=True) | models.Q(is_secret=False, ciphertext=""),
            ),
            models.CheckConstraint(
                name="identity_setting_secret_has_its_fingerprint",
                condition=models.Q(ciphertext="", fingerprint="")
                | (~models.Q(ciphertext="") & ~models.Q(fingerprint="")),
            ),
            models.CheckConstraint(name="identity_setting_has_an_author", condition=~models.Q(changed_by="")),
        )

    def __str__(self) -> str:
        return f"{self.key}, version {self.version}"

    @property
    def is_set(self) -> bool:
        """Whether it has a value of its own; else its default holds again."""
        return self.value is not None or bool(self.ciphertext)

    @property
    def place(self) -> Place:
        """Where its secret stands: this version of this setting in this program."""
        return Place("setting", self.program_id, self.key, self.version)

    # What the library asks of a row when it writes the version's.

    @property
    def _history_date(self) -> datetime:
        return self.changed_at

    @property
    def _change_reason(self) -> str:
        return self.reason


SettingVersion: Any = Setting.history.model
