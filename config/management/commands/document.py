"""Write the pages that are made from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from config.operators.documentation import pages


class Command(BaseCommand):
    """`make check` is red while a page differs from the code."""

    help = "Write docs/settings.md, errors.md, states.md and .env.example from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        for path, text in pages().items():
            path.write_text(text)
            self.stdout.write(f"wrote {path.name}")
