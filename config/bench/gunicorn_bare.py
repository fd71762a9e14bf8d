"""The web server's settings, and one address more: the bare view's. Read as a file, before there are applications."""

from typing import Any

from config.processes.gunicorn import *  # noqa: F403


def post_worker_init(worker: Any) -> None:
    """Exchange the addresses once everything is loaded, and before anybody asks."""
    from django.conf import settings

    settings.ROOT_URLCONF = "config.bench.bare"
