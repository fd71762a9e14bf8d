"""What identity does."""

from identity.operations.add_membership import add_membership
from identity.operations.bootstrap_owner import bootstrap_owner
from identity.operations.change_program_status import change_program_status
from identity.operations.create_program import create_program
from identity.operations.create_user import create_user
from identity.operations.execute_proposal import execute_proposal
from identity.operations.expire_proposals import expire_proposals
from identity.operations.grant_role import grant_role
from identity.operations.propose import propose
from identity.operations.recall_proposal import recall_proposal
from identity.operations.remove_membership import remove_membership
from identity.operations.revise_proposal import revise_proposal
from identity.operations.vote import vote

__all__ = (
    "add_membership",
    "bootstrap_owner",
    "change_program_status",
    "create_program",
    "create_user",
    "execute_proposal",
    "expire_proposals",
    "grant_role",
    "propose",
    "recall_proposal",
    "remove_membership",
    "revise_proposal",
    "vote",
)
