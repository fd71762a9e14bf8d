"""What identity stores."""

from identity.models.addresses import AddressChallenge, WalletAddress, WalletAddressQuerySet
from identity.models.idempotency import IdempotencyRecord
from identity.models.keys import ApiKey, ApiKeyQuerySet
from identity.models.parties import Party, PartyQuerySet
from identity.models.people import Membership, Program, ProgramQuerySet, User, UserManager
from identity.models.proposals import PERSON, ApprovalPolicy, Proposal, ProposalMaker, ProposalQuerySet, ProposalVote
from identity.models.settings import Setting, SettingQuerySet, SettingVersion
from identity.models.terms import ProgramTerms
from identity.models.tokens import RefreshToken, TokenFamily, UsedCode

__all__ = (
    "PERSON",
    "AddressChallenge",
    "ApiKey",
    "ApiKeyQuerySet",
    "ApprovalPolicy",
    "IdempotencyRecord",
    "Membership",
    "Party",
    "PartyQuerySet",
    "Program",
    "ProgramQuerySet",
    "ProgramTerms",
    "Proposal",
    "ProposalMaker",
    "ProposalQuerySet",
    "ProposalVote",
    "RefreshToken",
    "Setting",
    "SettingQuerySet",
    "SettingVersion",
    "TokenFamily",
    "UsedCode",
    "User",
    "UserManager",
    "WalletAddress",
    "WalletAddressQuerySet",
)
