"""Why a backup or a restore can't be done. Operators read these, so they are sentences and no error codes."""


class BackupRefused(Exception):
    """Raised with a sentence that says why it can't be done and what would help."""


class BackupDamaged(BackupRefused):
    """Raised when a backup, or the WAL that it needs, is not as it was written; the sentence names the file."""
