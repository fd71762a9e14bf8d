"""identity's part of the API."""
