"""Windows of identity: people, parties, programs, roles, the four-eyes queue and settings."""

from identity.admin.parties import PartyAdmin
from identity.admin.people import MembershipAdmin, ProgramAdmin, UserAdmin
from identity.admin.proposals import ProposalAdmin
from identity.admin.settings import SettingAdmin

__all__ = ("MembershipAdmin", "PartyAdmin", "ProgramAdmin", "ProposalAdmin", "SettingAdmin", "UserAdmin")
