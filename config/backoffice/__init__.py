"""The back office: Django's admin with our own front page, look and rules."""
