"""How a journal row reads."""


def sentence(action: str) -> str:
    """Return ``identity.user.created`` as words: `User created`."""
    _, noun, happened = action.split(".")
    return f"{noun} {happened}".replace("_", " ").capitalize()
