"""Pages about oneself: where one belongs, and how one's sign-in is secured."""
