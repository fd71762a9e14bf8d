"""What the API shows of the books. Amounts are text, in digits and without zeros at the end."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from ledger.models import Account, Entry, Intent, IssuedStatement, Transaction
from ledger.money import plain


class AmountOutput(serializers.CharField):
    """An exact amount."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, "help_text": 'Exact, as text: "12.5".', **options})

    def to_representation(self, value: Decimal) -> str:  # type: ignore[override]
        return plain(value)


class Shown(serializers.Serializer[Any]):
    """Something that is only shown."""


class AccountOutput(serializers.ModelSerializer[Account]):
    """An account and what it holds."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    balance = AmountOutput()

    class Meta:
        model = Account
        fields: tuple[str, ...] = ("id", "code", "asset", "role", "account_class", "status", "balance", "opened_at")
        read_only_fields = fields


class AccountAtOutput(AccountOutput):
    """The same, with the time that the balance is of."""

    at = serializers.DateTimeField(read_only=True)

    class Meta(AccountOutput.Meta):
        fields = (*AccountOutput.Meta.fields, "at")
        read_only_fields = fields


class LedgerEntryOutput(serializers.ModelSerializer[Entry]):
    """An amount from the credited account to the debited one; balances where the account keeps a running one."""

    asset = serializers.CharField(source="asset.code", read_only=True)
    debit = serializers.CharField(source="debit_account.code", read_only=True)
    credit = serializers.CharField(source="credit_account.code", read_only=True)
    amount = AmountOutput()
    debit_balance = AmountOutput(allow_null=True)
    credit_balance = AmountOutput(allow_null=True)

    class Meta:
        model = Entry
        fields = ("id", "transaction_id", "asset", "debit", "credit", "debit_account_id", "credit_account_id", "amount",
                  "debit_balance", "debit_version", "credit_balance", "credit_version", "booked_at")  # fmt: skip
        read_only_fields = fields


class TransactionOutput(serializers.ModelSerializer[Transaction]):
    """Entries that were booked together, and who had them booked."""

    entries = LedgerEntryOutput(many=True, read_only=True)
    effective_at = serializers.DateTimeField(source="counts_at", read_only=True)

    class Meta:
        model = Transaction
        fields = ("id", "key", "kind", "memo", "metadata", "actor_type", "actor_id", "correlation_id", "booked_at",
                  "effective_at", "reverses_id", "corrects_id", "entries")  # fmt: skip
        read_only_fields = fields


class SumsOutput(Shown):
    """Both sides of one asset."""

    asset = serializers.CharField()
    debit = AmountOutput()
    credit = AmountOutput()
    is_balanced = serializers.BooleanField()


class HealthOutput(Shown):
    """Whether the books balance."""

    is_balanced = serializers.BooleanField()
    at = serializers.DateTimeField()
    assets = SumsOutput(many=True)


class TrialBalanceLineOutput(Shown):
    """An account and what stands on one of its sides."""

    account_id = serializers.IntegerField()
    code = serializers.CharField()
    role = serializers.CharField()
    account_class = serializers.CharField()
    asset = serializers.CharField()
    debit = AmountOutput()
    credit = AmountOutput()


class TrialBalanceOutput(Shown):
    """Every account that is not at zero, and the sums."""

    at = serializers.DateTimeField()
    by = serializers.ChoiceField(["booked", "effective"])
    lines = TrialBalanceLineOutput(many=True)
    sums = SumsOutput(many=True)


class BranchOutput(Shown):
    """Accounts whose codes begin alike, summed; a code that ends in a colon has more below it."""

    code = serializers.CharField()
    asset = serializers.CharField()
    accounts = serializers.IntegerField()
    debit = AmountOutput()
    credit = AmountOutput()


class TreeOutput(Shown):
    """One level, or several, of the chart of accounts."""

    at = serializers.DateTimeField()
    by = serializers.ChoiceField(["booked", "effective"])
    branches = BranchOutput(many=True)


class StatementLineOutput(Shown):
    """One entry, seen from the account."""

    entry_id = serializers.IntegerField()
    booked_at = serializers.DateTimeField()
    effective_at = serializers.DateTimeField()
    transaction_id = serializers.UUIDField()
    kind = serializers.CharField()
    key = serializers.CharField()
    memo = serializers.CharField()
    other = serializers.CharField(help_text="The account on the other side.")
    debit = AmountOutput(allow_null=True)
    credit = AmountOutput(allow_null=True)
    balance = AmountOutput()


class StatementOutput(Shown):
    """An account's lines between two times."""

    account = serializers.CharField(source="account.code")
    asset = serializers.CharField(source="account.asset.code")
    after = serializers.DateTimeField()
    until = serializers.DateTimeField()
    opening = AmountOutput()
    lines = StatementLineOutput(many=True)
    closing = AmountOutput(help_text="What was left by the last line of this page.")
    next = serializers.CharField(allow_null=True, help_text="The next page's `cursor`; the times stay the same.")


class IssuedStatementOutput(serializers.ModelSerializer[IssuedStatement]):
    """A statement that was issued: what it says in short, and the hashes of its files."""

    number = serializers.CharField(source="shown_number", read_only=True)
    account = serializers.CharField(source="account.code", read_only=True)
    asset = serializers.CharField(source="account.asset.code", read_only=True)
    opening = AmountOutput()
    closing = AmountOutput()

    class Meta:
        model = IssuedStatement
        fields = ("id", "number", "account_id", "account", "asset", "after", "until", "horizon_at", "opening",
                  "closing", "lines", "pdf_sha256", "csv_sha256", "actor_type", "actor_id", "issued_at")  # fmt: skip
        read_only_fields = fields


class IntentErrorOutput(Shown):
    """Why it was refused, or that something went wrong on our side."""

    code = serializers.CharField()
    message = serializers.CharField()
    params = serializers.DictField()


class IntentOutput(serializers.ModelSerializer[Intent]):
    """What was asked for, how far it has come, and what came of it."""

    error = IntentErrorOutput(allow_null=True, read_only=True)

    class Meta:
        model = Intent
        fields = ("id", "key", "kind", "state", "payload", "result", "error", "attempts", "actor_type", "actor_id",
                  "correlation_id", "created_at", "finished_at")  # fmt: skip
        read_only_fields = fields


class RetryInput(serializers.Serializer[Any]):
    """Why it should work now."""

    reason = serializers.CharField(max_length=500)


class IssueInput(serializers.Serializer[Any]):
    """Behind which time, and up to which."""

    after = serializers.DateTimeField()
    until = serializers.DateTimeField()


class AtInput(serializers.Serializer[Any]):
    """As of when, and by which of the two times."""

    at = serializers.DateTimeField(required=False, default=None)
    by = serializers.ChoiceField(["booked", "effective"], required=False, default="booked")
    asset = serializers.CharField(required=False, default="", max_length=20)


class TreeInput(AtInput):
    """Below which beginning of codes, and how many of their parts."""

    prefix = serializers.CharField(required=False, default="", max_length=120)
    depth = serializers.IntegerField(required=False, default=1, min_value=1, max_value=4)


class StatementInput(serializers.Serializer[Any]):
    """Between which times, and from which line on."""

    after = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)
    cursor = serializers.CharField(required=False, default="", max_length=500)
    page_size = serializers.IntegerField(required=False, default=200, min_value=1, max_value=1000)
