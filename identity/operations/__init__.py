"""What identity does."""

from identity.operations.add_membership import add_membership
from identity.operations.bootstrap_owner import bootstrap_owner
from identity.operations.create_program import create_program
from identity.operations.create_user import create_user

__all__ = ("add_membership", "bootstrap_owner", "create_program", "create_user")
