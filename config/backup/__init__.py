"""Backups: taken, kept, restored to a point in time, and proven by restoring them."""
