"""What audit answers: what is sealed, what waits for it, and whether anything was changed since."""
