"""Windows of identity: people, programs, roles, and the four-eyes queue."""

from identity.admin.people import MembershipAdmin, ProgramAdmin, UserAdmin
from identity.admin.proposals import ProposalAdmin

__all__ = ("MembershipAdmin", "ProgramAdmin", "ProposalAdmin", "UserAdmin")
