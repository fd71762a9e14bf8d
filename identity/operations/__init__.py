"""What identity does."""

from identity.operations.add_membership import add_membership
from identity.operations.bootstrap_owner import bootstrap_owner
from identity.operations.change_program import change_program
from identity.operations.change_program_status import change_program_status
from identity.operations.collect_api_key import collect_api_key
from identity.operations.create_api_key import create_api_key
from identity.operations.create_program import create_program
from identity.operations.create_user import create_user
from identity.operations.execute_proposal import execute_proposal
from identity.operations.expire_proposals import expire_proposals
from identity.operations.note_key_use import note_key_use
from identity.operations.prepare_api_key import prepare_api_key
from identity.operations.propose import propose
from identity.operations.recall_proposal import recall_proposal
from identity.operations.revise_proposal import revise_proposal
from identity.operations.revoke_api_key import revoke_api_key
from identity.operations.run_once import run_once
from identity.operations.vote import vote

__all__ = (
    "add_membership",
    "bootstrap_owner",
    "change_program",
    "change_program_status",
    "collect_api_key",
    "create_api_key",
    "create_program",
    "create_user",
    "execute_proposal",
    "expire_proposals",
    "note_key_use",
    "prepare_api_key",
    "propose",
    "recall_proposal",
    "revise_proposal",
    "revoke_api_key",
    "run_once",
    "vote",
)
