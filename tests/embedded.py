"""Loaded before anything reads the settings: tests run in an environment and on a database server of their own."""

import os

from tests.memory import folder_in_memory

os.environ["ENVIRONMENT"] = "test"
os.environ.setdefault("LOG_LEVEL", "WARNING")
if in_memory := not os.environ.get("VAR_DIR") and folder_in_memory():
    os.environ["VAR_DIR"] = str(in_memory)
# Playwright runs an event loop beside the tests, and Django would refuse its own database for that.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
