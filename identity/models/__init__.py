"""What identity stores."""

from identity.models.people import Membership, Program, ProgramQuerySet, User, UserManager
from identity.models.proposals import ApprovalPolicy, Proposal, ProposalMaker, ProposalQuerySet, ProposalVote

__all__ = (
    "ApprovalPolicy",
    "Membership",
    "Program",
    "ProgramQuerySet",
    "Proposal",
    "ProposalMaker",
    "ProposalQuerySet",
    "ProposalVote",
    "User",
    "UserManager",
)
