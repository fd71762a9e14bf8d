"""Loaded before anything reads the settings: tests run in an environment and on a database server of their own."""

import os

os.environ["ENVIRONMENT"] = "test"
os.environ.setdefault("LOG_LEVEL", "WARNING")
# Playwright runs an event loop beside the tests, and Django would refuse its own database for that.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
