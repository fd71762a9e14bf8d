"""What identity does."""

from identity.operations.add_membership import add_membership
from identity.operations.ask_for_proof import ask_for_proof
from identity.operations.bootstrap_owner import bootstrap_owner
from identity.operations.change_party import change_party
from identity.operations.change_party_status import change_party_status
from identity.operations.change_program import change_program
from identity.operations.change_program_status import change_program_status
from identity.operations.change_setting import change_setting
from identity.operations.change_user import change_user
from identity.operations.check_second_factor import check_second_factor
from identity.operations.collect_api_key import collect_api_key
from identity.operations.create_api_key import create_api_key
from identity.operations.create_program import create_program
from identity.operations.create_user import create_user
from identity.operations.execute_proposal import execute_proposal
from identity.operations.expire_proposals import expire_proposals
from identity.operations.grant_role import grant_role
from identity.operations.issue_tokens import issue_tokens
from identity.operations.note_backup import note_backup
from identity.operations.note_connection import note_connection
from identity.operations.note_drill import note_drill
from identity.operations.note_export import note_export
from identity.operations.note_failed_second_factor import note_failed_second_factor
from identity.operations.note_key_use import note_key_use
from identity.operations.note_refusal import note_refusal
from identity.operations.note_sign_up import note_sign_up
from identity.operations.open_party import open_party
from identity.operations.prepare_api_key import prepare_api_key
from identity.operations.propose import propose
from identity.operations.prove_address import prove_address
from identity.operations.recall_proposal import recall_proposal
from identity.operations.record_terms import record_terms
from identity.operations.reencrypt_setting import reencrypt_setting
from identity.operations.refresh_tokens import refresh_tokens
from identity.operations.remove_dead_tokens import remove_dead_tokens
from identity.operations.remove_membership import remove_membership
from identity.operations.remove_old_outcomes import remove_old_outcomes
from identity.operations.remove_used_codes import remove_used_codes
from identity.operations.reset_second_factor import reset_second_factor
from identity.operations.revise_proposal import revise_proposal
from identity.operations.revoke_api_key import revoke_api_key
from identity.operations.revoke_tokens import revoke_tokens
from identity.operations.run_once import run_once
from identity.operations.step_up import step_up
from identity.operations.store_setting import store_setting
from identity.operations.sweep import sweep
from identity.operations.vote import vote

__all__ = [
    "add_membership",
    "ask_for_proof",
    "bootstrap_owner",
    "change_party",
    "change_party_status",
    "change_program",
    "change_program_status",
    "change_setting",
    "change_user",
    "check_second_factor",
    "collect_api_key",
    "create_api_key",
    "create_program",
    "create_user",
    "execute_proposal",
    "expire_proposals",
    "grant_role",
    "issue_tokens",
    "note_backup",
    "note_connection",
    "note_drill",
    "note_export",
    "note_failed_second_factor",
    "note_key_use",
    "note_refusal",
    "note_sign_up",
    "open_party",
    "prepare_api_key",
    "propose",
    "prove_address",
    "recall_proposal",
    "record_terms",
    "reencrypt_setting",
    "refresh_tokens",
    "remove_dead_tokens",
    "remove_membership",
    "remove_old_outcomes",
    "remove_used_codes",
    "reset_second_factor",
    "revise_proposal",
    "revoke_api_key",
    "revoke_tokens",
    "run_once",
    "step_up",
    "store_setting",
    "sweep",
    "vote",
]
