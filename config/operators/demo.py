"""Demo people and programs: enough to look around, made through the same operations as everything else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.db import transaction

from config.operators.demo_affiliates import make_affiliates
from config.operators.demo_books import make_assets, make_books
from config.operators.demo_payouts import make_payouts
from config.operators.demo_wallets import make_wallets
from identity import rules
from identity.models import Membership, Program, Proposal, User
from identity.operations import add_membership, create_program, create_user, open_party, propose, record_terms
from identity.proposable import GRANT_ROLE
from identity.states import PartyKind, Role

# Known to everybody who reads this, which is why it lives in an embedded database and nowhere else.
PASSWORD = "counting-house-demo"


@dataclass(frozen=True, slots=True)
class Login:
    """A demo person."""

    email: str
    name: str
    role: Role
    program_slug: str


LOGINS = (
    Login("olivia@demo.example", "Olivia Owner", Role.OWNER, rules.HOUSE_SLUG),
    Login("oscar@demo.example", "Oscar Owner", Role.OWNER, rules.HOUSE_SLUG),
    Login("mia@demo.example", "Mia Maker", Role.FINANCE_MAKER, "acme"),
    Login("anton@demo.example", "Anton Approver", Role.FINANCE_APPROVER, "acme"),
    Login("sam@demo.example", "Sam Support", Role.SUPPORT, "acme"),
    Login("ada@demo.example", "Ada Auditor", Role.AUDITOR, rules.HOUSE_SLUG),
    Login("mark@demo.example", "Mark Merchant", Role.MERCHANT, "acme"),
    Login("alma@demo.example", "Alma Affiliate", Role.AFFILIATE, "acme"),
    Login("carl@demo.example", "Carl Customer", Role.CUSTOMER, "acme"),
    Login("alice@demo.example", "Alice Atieno", Role.CUSTOMER, "acme"),
    Login("bob@demo.example", "Bob Barasa", Role.CUSTOMER, "acme"),
)

# slug, name, time zone, asset, base and override commission
PROGRAMS = (
    ("acme", "Acme Rewards", "Europe/Berlin", "EUR", Decimal("0.1"), Decimal("0.02")),
    ("zuri", "Zuri Market", "Africa/Nairobi", "KES", Decimal("0.08"), Decimal("0.015")),
)

_ZONES = ("UTC", "Europe/Berlin", "Africa/Nairobi", "America/New_York", "Asia/Singapore")


@transaction.atomic
def make_house(*, at: datetime) -> Program:
    """Open the house unless it is open: what every installation needs, and nothing that can sign in."""
    make_assets()
    house = Program.objects.filter(slug=rules.HOUSE_SLUG).first()
    return house or create_program(name="House", slug=rules.HOUSE_SLUG, at=at)


@transaction.atomic
def make_demo(*, at: datetime, has_batch: bool = True) -> None:
    """Make the demo programs and people that are missing; and a batch of payouts, which can't be told as rows alone."""
    for slug, name, time_zone, asset, base, override in PROGRAMS:
        if not Program.objects.filter(slug=slug).exists():
            program = create_program(
                name=name,
                slug=slug,
                time_zone=time_zone,
                default_asset_code=asset,
                base_commission_rate=base,
                override_commission_rate=override,
                at=at,
            )
            # Two per cent of the sale more from the month after next on.
            record_terms(
                program=program,
                base_commission_rate=base + Decimal("0.02"),
                override_commission_rate=override,
                valid_from=_month_after_next(at, time_zone),
                reason="More for the season.",
                at=at,
            )
    for slug, *_ in PROGRAMS:
        make_books(Program.objects.get(slug=slug), at=at)
    for login in LOGINS:
        user = User.objects.filter(email=login.email).first()
        if user is None:
            user = create_user(email=login.email, password=PASSWORD, name=login.name, at=at)
            verify_address(user)
        program = Program.objects.get(slug=login.program_slug)
        if not Membership.objects.filter(user=user, program=program, role=login.role).exists():
            # Held since before yesterday: a role younger than a day has no vote, and a demo should not wait for one.
            add_membership(user=user, program=program, role=login.role, at=at - timedelta(days=2))
    acme = Program.objects.get(slug="acme")
    for email in ("mark@demo.example", "alma@demo.example", "carl@demo.example"):
        user = User.objects.get(email=email)
        open_party(program=acme, kind=PartyKind.PERSON, name=user.name, user=user, at=at)
    alice, bob = (User.objects.get(email=f"{name}@demo.example") for name in ("alice", "bob"))
    make_wallets(acme, (alice, bob), at=at)
    make_affiliates(acme, User.objects.get(email="alma@demo.example"), at=at)
    if has_batch:
        make_payouts(acme, maker=User.objects.get(email="mia@demo.example"), at=at)
    open_party(program=acme, kind=PartyKind.ORGANISATION, name="Bakery Schmidt", external_reference="crm-1042", at=at)
    if not Proposal.objects.exists():
        propose(
            GRANT_ROLE,
            program=Program.objects.get(slug="acme"),
            payload={"email": "sam@demo.example", "role": Role.FINANCE_MAKER.value},
            reason="Sam takes over the monthly payouts.",
            by=User.objects.get(email="olivia@demo.example"),
            at=at,
        )


def _month_after_next(at: datetime, time_zone: str) -> datetime:
    first = at.astimezone(ZoneInfo(time_zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=70)).replace(day=1)


def make_many(count: int, *, at: datetime) -> Iterator[int]:
    """Make demo programs up to ``count``, each with ten people, yielding how many stand after each."""
    already = Program.objects.filter(slug__startswith="demo-").count()
    for number in range(already, count):
        with transaction.atomic():
            program = create_program(
                name=f"Demo {number:06}", slug=f"demo-{number:06}", time_zone=_ZONES[number % len(_ZONES)], at=at
            )
            for place in range(10):
                user = create_user(
                    email=f"person{place}@demo-{number:06}.example", password=None, name=f"Person {place}", at=at
                )
                add_membership(user=user, program=program, role=Role.CUSTOMER if place else Role.SUPPORT, at=at)
        yield number + 1


def verify_address(user: User) -> None:
    """Let a demo person sign in without a mail: nobody reads mail at demo.example."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
