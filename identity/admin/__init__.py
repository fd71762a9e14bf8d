"""Windows of identity: people, programs, roles, the four-eyes queue and settings."""

from identity.admin.people import MembershipAdmin, ProgramAdmin, UserAdmin
from identity.admin.proposals import ProposalAdmin
from identity.admin.settings import SettingAdmin

__all__ = ("MembershipAdmin", "ProgramAdmin", "ProposalAdmin", "SettingAdmin", "UserAdmin")
