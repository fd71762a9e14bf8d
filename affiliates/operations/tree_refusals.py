"""Say in our words what the tree's triggers refuse."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from affiliates.errors import SelfReferral, StandsInACircle, TreeTooDeep
from affiliates.models import Affiliate, Member
from affiliates.rules import LEVELS_AT_MOST


@contextmanager
def tree_refusals(subject: Affiliate | Member) -> Iterator[None]:
    """Raise what the database refuses about circles, depth and earning from oneself as the refusals they are.

    :raises StandsInACircle: if an affiliate would stand under itself.
    :raises TreeTooDeep: if it would stand too far below the top.
    :raises SelfReferral: if somebody would earn from what they settle themselves.
    """
    try:
        yield
    except IntegrityError as refused:
        said = str(refused)
        if "stand in a circle" in said or "affiliates_affiliate_is_not_its_parent" in said:
            raise StandsInACircle(affiliate=str(subject)) from refused
        if "the tree is too deep" in said:
            raise TreeTooDeep(most=LEVELS_AT_MOST) from refused
        if "would earn from what he settles" in said:
            raise SelfReferral(what="person, address or phone") from refused
        raise
