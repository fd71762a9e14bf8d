"""Encrypt a secret with the key that encrypts now."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import context
from audit.operations import record
from identity import vault
from identity.errors import SettingUnreadable
from identity.models import Setting


@transaction.atomic
def reencrypt_setting(setting_id: UUID, *, at: datetime) -> Setting:
    """Encrypt the secret anew, as the next version; what the first key has encrypted already stays as it is.

    :raises SettingUnreadable: if the key that it is encrypted with is gone, or it was tampered with.
    """
    setting = Setting.objects.locked().get(pk=setting_id)
    try:
        if not setting.ciphertext or vault.has_current_key(setting.ciphertext):
            return setting
        secret = vault.decrypt(setting.ciphertext, place=setting.place)
    except vault.Unreadable as unreadable:
        raise SettingUnreadable(setting=setting.key, reason=str(unreadable)) from None

    actor = context.current().actor
    setting.version += 1
    setting.ciphertext = vault.encrypt(secret, place=setting.place)
    setting.fingerprint = vault.fingerprint(secret, program_id=setting.program_id, name=setting.key)
    setting.changed_at, setting.changed_by = at, f"{actor.type}:{actor.id}"
    setting.reason = "Encrypted with another key; the secret is the same."
    setting.save(force_update=True)

    record(
        "identity.setting.reencrypted",
        subject=setting,
        at=at,
        program_id=setting.program_id,
        payload={"setting": setting.key, "version": setting.version, "key_id": vault.current_key_id()},
    )
    return setting
