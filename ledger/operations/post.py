"""Book one transaction."""

from ledger import figures, usual
from ledger.movements import Booked, Posting
from ledger.operations.post_many import post_many


def post(posting: Posting) -> Booked:
    """Book ``posting``, or return what was booked under its key before, marked as a replay.

    :raises PostingRefused: if something speaks against it; nothing was written then.
    """
    identifier = usual.book(posting)
    if identifier is None:
        return post_many([posting])[0]
    booked = Booked(identifier, posting.key, is_replay=False)
    figures.count([booked])
    return booked
