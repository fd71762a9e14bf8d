"""The house's settings, with a context that brings a kind of intent."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.crash.paying.PayingConfig"]  # noqa: F405
