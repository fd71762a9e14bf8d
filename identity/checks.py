"""What identity asks every night."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from audit.reconciliation import Check, Discrepancy, Scope, register_check
from identity import rules
from identity.models import Membership, Program, Proposal, Setting
from identity.queries.settings import unreadable_settings
from identity.states import ProgramStatus, Role


def register() -> None:
    """Have them asked."""
    register_check(Check(name="identity.owners", label="Every open program has an owner", examine=_owners))
    register_check(Check(name="identity.digests", label="Proposals say what was voted on", examine=_digests))
    register_check(Check(name="identity.settings", label="Every setting can be read", examine=_settings))


def _owners(scope: Scope) -> Iterator[Discrepancy]:
    owners = Membership.objects.filter(program=OuterRef("pk"), role=Role.OWNER, user__is_active=True)
    programs = Program.objects.exclude(status=ProgramStatus.CLOSED).exclude(slug=rules.HOUSE_SLUG)
    if scope.program_id:
        programs = programs.filter(pk=scope.program_id)
    # The house's owners look after a program that has none; without any, nobody can agree to anything.
    house_has_owner = Membership.objects.filter(
        program__slug=rules.HOUSE_SLUG, role=Role.OWNER, user__is_active=True
    ).exists()
    scope.examined = programs.count()
    if not house_has_owner:
        for program in programs.exclude(Exists(owners)).order_by("pk"):
            yield Discrepancy(
                key=str(program.pk),
                title=f"{program.name} has no owner, and neither has the house",
                ours={"owners": 0},
                theirs={"owners": "at least 1"},
                program_id=program.pk,
            )


def _digests(scope: Scope) -> Iterator[Discrepancy]:
    proposals = Proposal.objects.order_by("pk")
    if scope.program_id:
        proposals = proposals.filter(program_id=scope.program_id)
    for proposal in proposals.iterator():
        scope.examined += 1
        says = rules.digest(
            kind=proposal.kind,
            program=str(proposal.program_id),
            subject=str(proposal.pk),
            revision=proposal.revision,
            payload=proposal.payload,
        )
        if says != proposal.digest:
            yield Discrepancy(
                key=str(proposal.pk),
                title="A proposal does not say what its digest says it said",
                ours={"digest": says},
                theirs={"digest": proposal.digest},
                program_id=proposal.program_id,
            )


def _settings(scope: Scope) -> Iterator[Discrepancy]:
    scope.examined = Setting.objects.filter(**({"program_id": scope.program_id} if scope.program_id else {})).count()
    for row, problem in unreadable_settings():
        if scope.program_id in (None, row.program_id):
            yield Discrepancy(
                key=str(row.pk),
                title=f"The setting {row.key} can't be read",
                ours={"version": row.version, "problem": problem},
                program_id=row.program_id,
            )
