"""config: the composition root. It wires the contexts together and is imported by none of them.

Purpose: settings, URLs, the admin site, how errors are rendered, which processes run and how they are started.
Owns no tables. May import every context; no context may import it (checked by import-linter).
"""
