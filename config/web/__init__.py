"""What the web process does around the contexts' own doors."""
