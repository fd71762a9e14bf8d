"""What identity stores."""

from identity.models.people import Membership, Program, ProgramQuerySet, User, UserManager
from identity.models.proposals import ApprovalPolicy, Proposal, ProposalMaker, ProposalVote

__all__ = (
    "ApprovalPolicy",
    "Membership",
    "Program",
    "ProgramQuerySet",
    "Proposal",
    "ProposalMaker",
    "ProposalVote",
    "User",
    "UserManager",
)
