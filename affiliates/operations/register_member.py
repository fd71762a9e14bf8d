"""Take somebody in as a member of a program."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from affiliates import rules
from affiliates.errors import MemberTaken
from affiliates.models import Affiliate, Member
from affiliates.operations.tree_refusals import tree_refusals
from affiliates.queries import people
from affiliates.states import AffiliateState, MemberState
from audit.operations import record
from identity.models import Program, User
from identity.operations import open_party
from identity.queries.settings import setting
from identity.states import PartyKind


@transaction.atomic
def register_member(
    *, program: Program, wallet_address: str, user: User | None = None, name: str = "", code: str = "",
    clicked_at: datetime | None = None, at: datetime,
) -> Member:  # fmt: skip
    """Return the member with this address; take them in if there is none, brought by whose ``code`` it is.

    ``clicked_at`` is when a link was followed; what is older than the program lets count brings nobody. The code of an
    affiliate who is not active, or not of this program, brings nobody either, and keeps nobody out.

    :raises ProgramTakesNobody: if the program is paused or closed.
    :raises SelfReferral: if the affiliate, or who stands above, is the same person.
    :raises MemberTaken: if the person is a member with another address, or the address is somebody else's.
    """
    people.require_open(program)
    known = _known(program, wallet_address, user)
    if known is not None:
        return known
    affiliate = _brought_by(program, code, clicked_at, at=at)
    party = open_party(
        program=program, kind=PartyKind.PERSON, name=name or (user and str(user)) or wallet_address, user=user,
        external_reference="" if user else wallet_address, at=at,
    )  # fmt: skip
    if Member.objects.filter(party=party).exists():
        raise MemberTaken(what="This person")
    member = Member(
        program=program, party=party, user=user, wallet_address=wallet_address, affiliate=affiliate,
        clicked_at=clicked_at if affiliate else None, state=MemberState.REGISTERED, registered_at=at,
        phone_digest=people.phone_digest_of(user, program_id=program.pk),
    )  # fmt: skip
    try:
        with transaction.atomic(), tree_refusals(member):
            member.save(force_insert=True)
    except IntegrityError:
        twin = _known(program, wallet_address, user)  # somebody took them in at the same moment
        if twin is None:
            raise
        return twin

    record(
        "affiliates.member.registered", subject=member, at=at, program_id=program.pk,
        payload={"affiliate": affiliate and str(affiliate.pk), "by_link": clicked_at is not None},
    )  # fmt: skip
    return member


def _known(program: Program, wallet_address: str, user: User | None) -> Member | None:
    members = Member.objects.filter(program=program)
    of_address = members.filter(wallet_address=wallet_address).first()
    of_user = members.filter(user=user).first() if user else None
    if of_user is not None and of_user != of_address:
        raise MemberTaken(what="This person")
    if of_address is not None and user is not None and of_address.user_id not in (None, user.pk):
        raise MemberTaken(what="This address")
    return of_address


def _brought_by(program: Program, code: str, clicked_at: datetime | None, *, at: datetime) -> Affiliate | None:
    if not code:
        return None
    window = timedelta(days=setting("affiliates.attributed_days", program))
    if clicked_at is not None and clicked_at < at - window:
        return None
    read = rules.read_code(code)
    return Affiliate.objects.filter(program=program, code=read, state=AffiliateState.ACTIVE).first() if read else None
