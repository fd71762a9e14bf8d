"""Windows of identity: people, parties, programs, roles, API keys, the four-eyes queue and settings."""

from identity.admin.keys import ApiKeyAdmin
from identity.admin.parties import PartyAdmin
from identity.admin.people import MembershipAdmin, ProgramAdmin, UserAdmin
from identity.admin.proposals import ProposalAdmin
from identity.admin.settings import SettingAdmin

__all__ = ("ApiKeyAdmin", "MembershipAdmin", "PartyAdmin", "ProgramAdmin", "ProposalAdmin", "SettingAdmin", "UserAdmin")
