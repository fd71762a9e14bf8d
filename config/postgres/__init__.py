"""The database: the project's own server when none is named, and how connections are kept."""
