"""Django's entry to the room: it tells audit who may read what."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """People and programs."""

    name = "identity"
    verbose_name = "People and programs"

    def ready(self) -> None:
        from audit.access import narrow_with, tell_misses_to
        from audit.rules import word
        from identity import checks, proposable, settings
        from identity.doors.refusals import PROBED, VOTE_REFUSED, note_missed
        from identity.queries import of_own_programs
        from identity.settable import register_settings

        narrow_with(of_own_programs)
        tell_misses_to(note_missed)
        word(PROBED, "Asked for {reason}")
        word(VOTE_REFUSED, "Vote refused: {reason}")
        word("identity.data.exported", "{count} {called} exported")
        register_settings(settings.SETTINGS)
        proposable.register()
        checks.register()
