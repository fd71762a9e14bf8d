"""What the API takes and shows of affiliates, tiers, members and payout methods."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from affiliates.models import Affiliate, Member, PayoutMethod, Rate, Tier
from affiliates.states import AffiliateState, MethodKind
from ledger.api.serializers import IntentOutput
from wallets.api.serializers import AmountOutput, OnceInput
from wallets.queries.checking import REASON_AT_MOST

Plain = serializers.Serializer[Any]

_CODE_AT_MOST = 40
_ADDRESS_AT_MOST = 100


# What is shown


class AffiliateOutput(serializers.ModelSerializer[Affiliate]):
    """An affiliate, and where they stand now."""

    name = serializers.CharField(source="party.name", read_only=True)
    external_reference = serializers.CharField(source="party.external_reference", read_only=True)
    wallet_address = serializers.CharField(source="shown_address", read_only=True, help_text="With its checksum.")
    parent_code = serializers.CharField(source="parent.code", read_only=True, allow_null=True, default=None)
    tier = serializers.CharField(source="tier.name", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Affiliate
        fields = (
            "id", "code", "name", "external_reference", "party_id", "user_id", "wallet_address", "parent_id",
            "parent_code", "tier_id", "tier", "state", "state_reason", "joined_at",
        )  # fmt: skip
        read_only_fields = fields


class EarningsOutput(Plain):
    """What stands where in one asset. Voided rows count nowhere else."""

    asset = serializers.CharField()
    settlements = serializers.IntegerField()
    settled = AmountOutput(help_text="What their members have settled, less what was taken back.")
    direct = AmountOutput()
    override = AmountOutput()
    clawed_back = AmountOutput(help_text="Below zero.")
    adjusted = AmountOutput()
    accrued = AmountOutput()
    held = AmountOutput()
    due = AmountOutput()
    batched = AmountOutput(help_text="In payouts.")
    paid = AmountOutput()
    voided = AmountOutput()
    unpaid = AmountOutput(help_text="Earned and not paid: what the books say.")


class StatsOutput(Plain):
    """The funnel, and what came of it."""

    clicks = serializers.IntegerField()
    members = serializers.IntegerField()
    settlements = serializers.IntegerField()
    downline = serializers.IntegerField(help_text="How many stand below, at any depth.")
    earnings = serializers.SerializerMethodField()

    @extend_schema_field(EarningsOutput(many=True))
    def get_earnings(self, figures: Any) -> Any:
        return EarningsOutput(figures.earnings.values(), many=True).data


class NodeOutput(Plain):
    """An affiliate in the tree."""

    id = serializers.UUIDField(source="affiliate.pk")
    code = serializers.CharField(source="affiliate.code")
    name = serializers.CharField(source="affiliate.party.name")
    state = serializers.ChoiceField(source="affiliate.state", choices=AffiliateState.choices)
    tier = serializers.CharField(source="affiliate.tier.name", allow_null=True, default=None)
    joined_at = serializers.DateTimeField(source="affiliate.joined_at")
    children = serializers.IntegerField(help_text="How many stand right under it.")
    downline = serializers.IntegerField(help_text="How many stand below it, at any depth.")
    members = serializers.IntegerField(help_text="How many it has brought.")


class AboveOutput(Plain):
    """Somebody above in the tree."""

    id = serializers.UUIDField(source="pk")
    code = serializers.CharField()


class AffiliateTreeOutput(Plain):
    """One level of the tree: who was asked for, those above them that may be seen, and a page of those right under."""

    affiliate = NodeOutput(allow_null=True, help_text="Null for the top of the program's tree.")
    above = AboveOutput(many=True, help_text="The nearest first.")
    results = NodeOutput(many=True)
    after = serializers.UUIDField(allow_null=True, help_text="Send it for the next page; null on the last.")


class RateOutput(serializers.ModelSerializer[Rate]):
    """What is earned from a moment on; without rates, what would be earned without the row."""

    direct_rate = AmountOutput(allow_null=True)
    override_rate = AmountOutput(allow_null=True)

    class Meta:
        model = Rate
        fields = ("number", "direct_rate", "override_rate", "valid_from", "recorded_at", "reason")
        read_only_fields = fields


class TierOutput(serializers.ModelSerializer[Tier]):
    """A tier, and its rates, the latest first. They change by a proposal, `affiliates.change_rate`."""

    rates = RateOutput(many=True, read_only=True)

    class Meta:
        model = Tier
        fields = ("id", "name", "created_at", "rates")
        read_only_fields = fields


class MethodOutput(serializers.ModelSerializer[PayoutMethod]):
    """Where an affiliate can be paid: as much of it as tells one's own from another's."""

    destination = serializers.CharField(source="masked", read_only=True)

    class Meta:
        model = PayoutMethod
        fields = (
            "id", "kind", "destination", "holder", "state", "added_at", "verified_at", "usable_at", "retired_at",
        )  # fmt: skip
        read_only_fields = fields


class MemberOutput(serializers.ModelSerializer[Member]):
    """A member of the program."""

    wallet_address = serializers.CharField(source="shown_address", read_only=True, help_text="With its checksum.")
    affiliate_code = serializers.CharField(source="affiliate.code", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Member
        fields = (
            "id", "wallet_address", "party_id", "user_id", "affiliate_id", "affiliate_code", "state", "state_reason",
            "registered_at",
        )  # fmt: skip
        read_only_fields = fields


class StatusOutput(Plain):
    """What is known of a wallet address: the member, or how far its registration has come."""

    member = MemberOutput(allow_null=True)
    intent = IntentOutput(allow_null=True)


# What is asked


class RegisterInput(OnceInput):
    """Who becomes an affiliate. Whoever signs in registers themselves, unless they say that it is somebody else."""

    is_self = serializers.BooleanField(
        required=False, default=None, allow_null=True,
        help_text="False for somebody else, which takes `affiliate.manage`; a key registers nobody but others.",
    )  # fmt: skip
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    code = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=_CODE_AT_MOST,
        help_text="The referral code that is wanted; without one it is made up.",
    )  # fmt: skip
    parent_code = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=_CODE_AT_MOST, help_text="Who brought them."
    )
    wallet_address = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=_ADDRESS_AT_MOST,
        help_text="One that you have proven at `/auth/wallet`; of somebody else any.",
    )  # fmt: skip
    tier = serializers.UUIDField(required=False, default=None, allow_null=True, help_text="Of somebody else only.")
    external_reference = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=120, help_text="Of somebody else only: your name."
    )


class WhyInput(OnceInput):
    """Why."""

    reason = serializers.CharField(max_length=REASON_AT_MOST)


class MoveInput(WhyInput):
    """Where they stand from now on; what is left out stays as it is, and null is none."""

    parent = serializers.UUIDField(  # type: ignore[assignment]  # a field of ours, taken off the class
        required=False, allow_null=True, help_text="An affiliate's id, or null for the top."
    )
    tier = serializers.UUIDField(required=False, allow_null=True)


class AffiliateTreeInput(Plain):
    """Of whom, and from where on."""

    affiliate = serializers.UUIDField(required=False, default=None)
    after = serializers.UUIDField(required=False, default=None)


class TierInput(OnceInput):
    """A step to be."""

    name = serializers.CharField(max_length=60)


class MethodInput(OnceInput):
    """A destination: an address, a phone, `BANK:ACCOUNT`, or the id of a wallet here."""

    kind = serializers.ChoiceField(choices=MethodKind.choices)
    destination = serializers.CharField(max_length=200)
    holder = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="A bank asks for the account's holder."
    )


class VerifyInput(OnceInput):
    """What shows that the destination is theirs."""

    evidence = serializers.CharField(max_length=500)


class RegisterMemberInput(Plain):
    """Who becomes a member, and who brought them."""

    wallet_address = serializers.CharField(max_length=_ADDRESS_AT_MOST)
    name = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="Of somebody else only."
    )
    code = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=_CODE_AT_MOST, help_text="Whose link they followed."
    )
    clicked_at = serializers.DateTimeField(required=False, default=None, allow_null=True, help_text="And when.")
