"""Reading the books: health, accounts, transactions, entries, trial balance and statements."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core import signing
from django.db.models import DecimalField, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.api.filters import AccountFilter, EntryFilter, TransactionFilter
from ledger.api.serializers import (
    AccountAtOutput,
    AccountOutput,
    AtInput,
    HealthOutput,
    LedgerEntryOutput,
    StatementInput,
    StatementOutput,
    TransactionOutput,
    TreeInput,
    TreeOutput,
    TrialBalanceOutput,
)
from ledger.api.views.door import BooksDoor
from ledger.api.views.statements import IssuesStatements
from ledger.models import Account, Balance, Entry, Transaction
from ledger.queries.balances import balance_booked_at, balance_effective_at, balance_now
from ledger.queries.searching import patience
from ledger.queries.statements import Behind, statement
from ledger.queries.trial_balance import sums, tree, trial_balance

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _read(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    sent = form(data=request.query_params)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)


class HealthView(BooksDoor, APIView):
    """Whether the program's books balance, asset by asset."""

    @extend_schema(responses=HealthOutput)
    def get(self, request: Request) -> Response:
        """Compare both sides of the books, now."""
        assets = sums(trial_balance(program_id=self.program.pk))
        health = {"is_balanced": all(one.is_balanced for one in assets), "at": timezone.now(), "assets": assets}
        return Response(HealthOutput(health).data)


class TrialBalanceView(BooksDoor, APIView):
    """The trial balance."""

    @extend_schema(parameters=[AtInput], responses=TrialBalanceOutput)
    def get(self, request: Request) -> Response:
        """Show every account that is not at zero: now, or as of a time by booking or by value date."""
        asked = _read(AtInput, request)
        lines = trial_balance(
            program_id=self.program.pk, asset=asked["asset"], at=asked["at"], effective=asked["by"] == "effective"
        )
        told = {"at": asked["at"] or timezone.now(), "by": asked["by"], "lines": lines, "sums": sums(lines)}
        return Response(TrialBalanceOutput(told).data)


class TreeView(BooksDoor, APIView):
    """The chart of accounts, rolled up."""

    @extend_schema(parameters=[TreeInput], responses=TreeOutput)
    def get(self, request: Request) -> Response:
        """Sum accounts by the beginnings of their codes: rails, wallets, one rail's accounts, and so on down."""
        asked = _read(TreeInput, request)
        lines = trial_balance(
            program_id=self.program.pk, asset=asked["asset"], at=asked["at"], effective=asked["by"] == "effective"
        )
        branches = tree(lines, prefix=asked["prefix"], depth=asked["depth"])
        told = {"at": asked["at"] or timezone.now(), "by": asked["by"], "branches": branches}
        return Response(TreeOutput(told).data)


class AccountViewSet(
    IssuesStatements, BooksDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Account]
):
    """The program's accounts and what they hold."""

    permissions: ClassVar = {**BooksDoor.permissions, **IssuesStatements.permissions}

    queryset = Account.objects.all()
    serializer_class = AccountOutput
    filterset_class = AccountFilter
    lookup_value_converter = "int"
    ordering: ClassVar = ("id",)
    ordering_fields: ClassVar = ("code",)

    def get_queryset(self) -> Any:
        held = Balance.objects.filter(account=OuterRef("pk")).values("account").annotate(sum=Sum("amount"))
        amount = Subquery(held.values("sum"), output_field=DecimalField(max_digits=38, decimal_places=18))
        return self.of_the_program(Account.objects.select_related("asset")).annotate(
            balance=Coalesce(amount, Decimal(0))
        )

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only: what one account is asked for, its times above all, is no filter."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(parameters=[AtInput], responses=AccountAtOutput)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show an account and what it holds: now, or as of a time by booking or by value date."""
        asked = _read(AtInput, request)
        account: Any = self.get_object()
        account.at = asked["at"] or timezone.now()
        if asked["at"] is None:
            account.balance = balance_now(account)
        elif asked["by"] == "effective":
            account.balance = balance_effective_at(account, at=account.at)
        else:
            account.balance = balance_booked_at(account, at=account.at)
        return Response(AccountAtOutput(account).data)

    @extend_schema(parameters=[StatementInput], responses=StatementOutput)
    @action(detail=True, methods=["get"], pagination_class=None)
    def statement(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show what was booked on an account between two times, and what was left after each line."""
        asked = _read(StatementInput, request)
        account = self.get_object()
        told = statement(
            account, after=asked["after"] or BEGINNING, until=asked["until"] or timezone.now(),
            limit=asked["page_size"], behind=_opened(asked["cursor"], account),
        )  # fmt: skip
        shown = StatementOutput({
            "account": account, "after": told.after, "until": told.until, "opening": told.opening, "lines": told.lines,
            "closing": told.closing, "next": _cursor(told.lines[-1], account) if told.has_more else None,
        })  # fmt: skip
        return Response(shown.data)


class EntryViewSet(BooksDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Entry]):
    """The program's entries."""

    queryset = Entry.objects.all()
    serializer_class = LedgerEntryOutput
    filterset_class = EntryFilter
    lookup_value_converter = "int"
    ordering: ClassVar = ("-id",)

    def get_queryset(self) -> Any:
        rows = Entry.objects.select_related("debit_account__asset", "credit_account")
        return self.of_the_program(rows.alias(program_id=F("debit_account__program_id")))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List entries. What is too far apart to be found during a few seconds is refused then."""
        with patience():
            return super().list(request, *args, **kwargs)


class TransactionViewSet(
    BooksDoor, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Transaction]
):
    """The program's transactions, each with its entries."""

    queryset = Transaction.objects.all()
    serializer_class = TransactionOutput
    filterset_class = TransactionFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)

    def get_queryset(self) -> Any:
        related = ("entries__debit_account__asset", "entries__credit_account")
        return self.of_the_program(Transaction.objects.prefetch_related(*related))

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow lists only."""
        return queryset if self.detail else super().filter_queryset(queryset.of_program(self.program.pk))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Find transactions. What no index answers is looked for during a few seconds, and refused then."""
        with patience():
            return super().list(request, *args, **kwargs)


def _cursor(line: Any, account: Account) -> str:
    # Signed, because the next page goes on from the balance it carries.
    return signing.dumps([account.pk, line.booked_at.isoformat(), line.entry_id, str(line.balance)], salt="statement")


def _opened(cursor: str, account: Account) -> Behind | None:
    if not cursor:
        return None
    try:
        account_id, booked_at, entry_id, balance = signing.loads(cursor, salt="statement")
    except (signing.BadSignature, ValueError, TypeError):
        account_id = None
    if account_id != account.pk:
        raise serializers.ValidationError({"cursor": ["Not a cursor of this statement: start at its first page."]})
    return Behind(parse_datetime(booked_at) or BEGINNING, entry_id, Decimal(balance))
