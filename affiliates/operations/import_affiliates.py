"""Take in affiliates from a file."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from affiliates.errors import BadLine
from affiliates.models import Affiliate, Tier
from affiliates.operations.judge_line import judge_line
from affiliates.operations.register_affiliate import register_affiliate
from affiliates.queries import people
from affiliates.queries.files import Line, Verdict
from identity.models import Program
from identity.proofs import read_address
from ledger.interchange.verdicts import Judgement


def import_affiliates(lines: Iterable[Line], *, program: Program, at: datetime) -> Iterator[Verdict]:
    """Register each that is not there, and say what became of each line; a file can be brought again and again.

    ``reference`` is what the program's own systems call the affiliate: the same one, just so, is a duplicate, and one
    that is known otherwise a conflict. Parents stand before those under them.
    """
    for line in lines:
        yield judge_line(line, lambda fields: _take(fields, program=program, at=at))


def _take(fields: dict[str, str], *, program: Program, at: datetime) -> tuple[Judgement, str, str]:
    if not fields["reference"]:
        raise BadLine(reason="It has no reference.")
    address = read_address(fields["wallet_address"]) if fields.get("wallet_address") else None
    parent = (
        people.affiliate_by_code(fields["parent_code"], program_id=program.pk) if fields.get("parent_code") else None
    )
    tier = _tier(fields["tier"], program) if fields.get("tier") else None
    known = Affiliate.objects.filter(program=program, party__external_reference=fields["reference"]).first()
    if known is not None:
        differs = [
            name
            for name, is_other in (
                ("code", fields.get("code") and fields["code"].lower() != known.code),
                ("wallet_address", address and address != known.wallet_address),
                ("parent_code", parent and parent.pk != known.parent_id),
                ("tier", tier and tier.pk != known.tier_id),
            )
            if is_other
        ]
        if differs:
            return Judgement.CONFLICT, str(known.pk), f"It is known with another {', '.join(differs)}."
        return Judgement.DUPLICATE, str(known.pk), ""
    affiliate = register_affiliate(
        program=program, name=fields["name"], code=fields.get("code", ""), wallet_address=address,
        parent_id=parent.pk if parent else None, tier_id=tier.pk if tier else None, is_active=True,
        external_reference=fields["reference"], at=at,
    )  # fmt: skip
    return Judgement.ACCEPTED, str(affiliate.pk), ""


def _tier(name: str, program: Program) -> Tier:
    found = Tier.objects.filter(program=program, name__iexact=name).first()
    if found is None:
        raise BadLine(reason=f"There is no tier called {name[:60]}.")
    return found
