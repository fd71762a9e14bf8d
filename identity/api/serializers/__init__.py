"""What the API takes and shows of identity."""

from typing import Any

from rest_framework import serializers

from identity import queries, rules
from identity.models import ApiKey, Program, Proposal
from identity.states import Decision

Plain = serializers.Serializer[Any]


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


class ReasonInput(Plain):
    """Why."""

    reason = serializers.CharField(max_length=500)


class NoInput(Plain):
    """Nothing but, perhaps, the idempotency key."""


class ApiKeyOutput(serializers.ModelSerializer[ApiKey]):
    """A key, without its secret."""

    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    collected = serializers.SerializerMethodField(help_text="False while an approved key waits for its secret.")

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id", "name", "prefix", "scopes", "collected", "created_by", "created_at", "expires_at", "revoked_at",
            "last_used_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def get_collected(self, key: ApiKey) -> bool:
        return bool(key.secret_hash)


class ApiKeyWithSecret(ApiKeyOutput):
    """A key with its secret, the one time it is shown."""

    secret = serializers.CharField(
        allow_null=True, help_text="Send it as `Authorization: Api-Key SECRET`. A replay of the request shows null."
    )

    class Meta(ApiKeyOutput.Meta):
        fields = (*ApiKeyOutput.Meta.fields, "secret")
        read_only_fields = fields


class ApiKeyInput(Plain):
    """What makes a key."""

    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=60),
        min_length=1,
        max_length=len(rules.KEY_SCOPES),
        help_text=f"Some of: {', '.join(sorted(rules.KEY_SCOPES))}.",
    )
    expires_at = serializers.DateTimeField(required=False, help_text="As late as is allowed when it is left out.")


class SignInInput(Plain):
    """Who signs in."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    code = serializers.CharField(
        max_length=32, required=False, help_text="From the authenticator app, or a recovery code, if there is one."
    )


class RefreshInput(Plain):
    """What goes on."""

    refresh = serializers.CharField(max_length=4096)


class RevokeInput(Plain):
    """What ends."""

    token = serializers.CharField(max_length=4096, help_text="An access or a refresh token of the sign-in.")


class CodeInput(Plain):
    """A second factor."""

    code = serializers.CharField(max_length=32, help_text="From the authenticator app, or a recovery code.")


class AccessOutput(Plain):
    """A token for `Authorization: Bearer`."""

    access = serializers.CharField()
    token_type = serializers.CharField()
    access_expires_in = serializers.IntegerField(help_text="Seconds.")


class TokenPairOutput(AccessOutput):
    """A token for requests, and one for the next pair. The second works once."""

    refresh = serializers.CharField()
    refresh_expires_in = serializers.IntegerField(help_text="Seconds.")
