"""Pages for affiliates."""
