"""What the API shows of identity."""

from typing import Any

from rest_framework import serializers

from identity import queries
from identity.models import Program, Proposal
from identity.states import Decision


class ProgramOutput(serializers.ModelSerializer[Program]):
    """A program."""

    class Meta:
        model = Program
        fields = ("id", "name", "slug", "status", "time_zone", "default_asset_code", "created_at")
        read_only_fields = fields


class ProposalOutput(serializers.ModelSerializer[Proposal]):
    """Something that waits for others, or did: what it says, in which words it is voted on, and who has spoken."""

    program = serializers.SlugRelatedField[Program](slug_field="slug", read_only=True)
    says = serializers.SerializerMethodField()
    makers = serializers.SerializerMethodField()
    votes = serializers.SerializerMethodField()

    class Meta:
        model = Proposal
        fields = ("id", "program", "kind", "state", "reason", "says", "payload", "amount", "asset_code", "revision",
                  "digest", "votes_needed", "voter_roles", "makers", "votes", "proposed_at", "expires_at",
                  "decided_at", "result")  # fmt: skip
        read_only_fields = fields

    def get_says(self, proposal: Proposal) -> list[dict[str, str | None]]:
        lines = queries.proposed_lines(proposal)
        return [{"label": line.label, "now": line.now, "before": line.before} for line in lines]

    def get_makers(self, proposal: Proposal) -> list[str]:
        return [str(maker.user_id) for maker in proposal.makers.all()]

    def get_votes(self, proposal: Proposal) -> list[dict[str, str | int]]:
        return [
            {"by": str(vote.by_id), "revision": vote.revision, "decision": vote.decision, "comment": vote.comment}
            for vote in proposal.votes.all()
        ]


class ProposalInput(serializers.Serializer[Any]):
    """What is proposed; what stands in `payload` depends on the kind, which refuses what could not be carried out."""

    kind = serializers.CharField(max_length=80)
    program = serializers.SlugField(max_length=60, help_text="The program's slug.")
    payload = serializers.DictField()
    reason = serializers.CharField(max_length=500)


class VoteInput(serializers.Serializer[Any]):
    """A vote on exactly the revision and digest that were read."""

    revision = serializers.IntegerField(min_value=1, max_value=2_147_483_647)
    digest = serializers.RegexField(r"^[0-9a-f]{64}$")
    decision = serializers.ChoiceField(choices=Decision.choices)
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class RecallInput(serializers.Serializer[Any]):
    """Why a proposal is taken back."""

    reason = serializers.CharField(max_length=500)
