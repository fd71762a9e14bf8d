"""/api/v2/payouts/batch: batches, from what is due to what is paid."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from identity.doors import idempotent, refusals_noted, require_second_factor
from identity.doors.refusals import VOTE_REFUSED
from identity.states import Decision
from payouts import operations
from payouts.api.filters import BatchFilter
from payouts.api.serializers import (
    AddInput,
    BankFileOutput,
    BatchInput,
    BatchLineOutput,
    BatchOutput,
    BatchVoteInput,
    CollectedOutput,
    ExplainInput,
    FileQuery,
    PayoutOutput,
    ProofOutput,
    ReadingOutput,
    RemoveInput,
    ResultFileInput,
    SubmitInput,
    WriteFileInput,
)
from payouts.api.views.door import PayoutsDoor, person
from payouts.errors import UnknownPayout
from payouts.models import Payout, PayoutBatch
from payouts.queries.bank_files import bank_file
from payouts.queries.proofs import proof_of
from wallets.api.views.door import read, told
from wallets.rails.bankfile.lines import BYTES_AT_MOST

READ, PREPARE, EXECUTE = "payout.read", "payout.prepare", "payout.execute"


class BatchViewSet(PayoutsDoor, mixins.ListModelMixin, viewsets.GenericViewSet[PayoutBatch]):
    """The program's batches. People make them and agree to them: no key does."""

    permission_to_read: ClassVar = READ
    permissions: ClassVar = {
        "list": READ,
        "retrieve": READ,
        "create": PREPARE,
        "add": PREPARE,
        "remove": PREPARE,
        "collect": PREPARE,
        "submit": PREPARE,
        "recall": PREPARE,
        "cancel": PREPARE,
        # Whether one may vote follows from the policy, as with every proposal.
        "approve": READ,
        "reject": READ,
        "execute": EXECUTE,
        "proof": READ,
        # It says in full where people have their accounts: for those who carry it.
        "bank_file": EXECUTE,
        "write_bank_file": EXECUTE,
        "result_file": "payout.resolve",
    }
    queryset = PayoutBatch.objects.all()
    serializer_class = BatchLineOutput
    filterset_class = BatchFilter
    lookup_value_converter = "uuid"
    ordering: ClassVar = ("-id",)
    ordering_fields: ClassVar = ("created_at",)

    def rows(self) -> Any:
        return PayoutBatch.objects.select_related("asset", "program", "proposal")

    def get_serializer_context(self) -> Any:
        return {**super().get_serializer_context(), "at": timezone.now()}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Let a caller of a file accept it: a refusal is JSON all the same."""
        is_file = self.action == "bank_file"
        return super().perform_content_negotiation(request, force=force or is_file)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show a batch: what is in it, from where it is sent, and what to look at twice."""
        return self._answer(self.get_object())

    @extend_schema(request=BatchInput, responses={201: BatchOutput})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Begin a batch."""
        asked, by, now = read(BatchInput, request), person(request), timezone.now()
        batch = operations.create_batch(
            program=self.program, asset_code=asked.pop("asset"), key=self.house_key("batch"), by=by, at=now, **asked
        )
        return told(self._shown(batch), is_new=batch.created_at == now)

    @extend_schema(request=AddInput, responses={201: PayoutOutput})
    @action(detail=True, methods=["post"])
    @idempotent()
    def add(self, request: Request, pk: UUID) -> Response:
        """Put one payee in, with all that is due to them."""
        batch, asked = self.get_object(), read(AddInput, request)
        payout = operations.add_payee(
            batch.pk, program_id=batch.program_id, payee_type=asked["payee_type"], payee_id=asked["payee"],
            by=person(request), at=timezone.now(),
        )  # fmt: skip
        return Response(PayoutOutput(payout).data, status=201)

    @extend_schema(request=RemoveInput, responses=PayoutOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def remove(self, request: Request, pk: UUID) -> Response:
        """Take one payout out of a draft: what it would have paid is due again."""
        batch, asked = self.get_object(), read(RemoveInput, request)
        if not Payout.objects.filter(pk=asked["payout"], batch=batch).exists():
            raise UnknownPayout(payout=asked["payout"])
        found = operations.exclude_payout(
            asked["payout"], program_id=batch.program_id, reason=asked["reason"], by=person(request), at=timezone.now()
        )
        return Response(PayoutOutput(found).data)

    @extend_schema(request=None, responses=CollectedOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def collect(self, request: Request, pk: UUID) -> Response:
        """Put everybody in to whom something is due, and say of the others what keeps them from being paid."""
        batch = self.get_object()
        done = operations.collect_due(batch.pk, program_id=batch.program_id, by=person(request), at=timezone.now())
        counts = {"ready": len(done.ready), "left_out": len(done.left_out)}
        return Response({**counts, "batch": self._shown(batch)})

    @extend_schema(request=SubmitInput, responses=BatchOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def submit(self, request: Request, pk: UUID) -> Response:
        """Freeze it, and ask others to agree to exactly what is in it."""
        return self._do(operations.submit_batch, SubmitInput)

    @extend_schema(request=ExplainInput, responses=BatchOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def recall(self, request: Request, pk: UUID) -> Response:
        """Take it back before it is started: it is a draft again."""
        return self._do(operations.recall_batch, ExplainInput)

    @extend_schema(request=ExplainInput, responses=BatchOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Throw a draft away; what it would have paid is due again."""
        return self._do(operations.cancel_batch, ExplainInput)

    @extend_schema(request=BatchVoteInput, responses=BatchOutput)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: UUID) -> Response:
        """Agree to exactly what was read. It takes a fresh second factor, and nobody who had a hand in the batch."""
        return self._vote(Decision.APPROVE)

    @extend_schema(request=BatchVoteInput, responses=BatchOutput)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: UUID) -> Response:
        """Refuse it: it is a draft again."""
        return self._vote(Decision.REJECT)

    @extend_schema(request=None, responses=BatchOutput)
    @action(detail=True, methods=["post"])
    @idempotent()
    def execute(self, request: Request, pk: UUID) -> Response:
        """Have it sent, once. It takes a fresh second factor of who submitted it, or has approved it."""
        batch = self.get_object()
        require_second_factor(request, at=timezone.now())
        operations.execute_batch(batch.pk, program_id=batch.program_id, by=person(request), at=timezone.now())
        return self._answer(batch)

    @extend_schema(responses=ProofOutput, filters=False)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def proof(self, request: Request, pk: UUID) -> Response:
        """Show what was agreed to, who had a hand in it, and who voted: enough to work the digest out again."""
        return Response(proof_of(self.get_object()))

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.BINARY}, filters=False,
        parameters=[FileQuery],
    )  # fmt: skip
    @action(detail=True, url_path="bank-file", filterset_class=None, pagination_class=None)
    def bank_file(self, request: Request, pk: UUID) -> HttpResponse:
        """Give out a file for a bank as it was written. That changes nothing: it is written by POST."""
        batch, asked = self.get_object(), FileQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        file = bank_file(batch, number=asked.validated_data["number"])
        answer = HttpResponse(file.body, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{file.name}.csv"'
        answer["ETag"] = f'"{file.sha256}"'
        return answer

    @extend_schema(request=WriteFileInput, responses={201: BankFileOutput})
    @bank_file.mapping.post
    @idempotent()
    def write_bank_file(self, request: Request, pk: UUID) -> Response:
        """Write what is to be sent by file, which counts as sent from then on; where nothing is, show the last file.

        It takes a fresh second factor.
        """
        batch, asked, now = self.get_object(), read(WriteFileInput, request), timezone.now()
        require_second_factor(request, at=now)
        file = operations.write_bank_file(
            batch.pk, program_id=batch.program_id, account=asked["account"], by=person(request), at=now
        )
        return told(BankFileOutput(file).data, is_new=file.written_at == now)

    @extend_schema(request={"multipart/form-data": ResultFileInput}, responses={201: ReadingOutput})
    @action(detail=True, methods=["post"], url_path="result-file")
    @idempotent()
    def result_file(self, request: Request, pk: UUID) -> Response:
        """Take in what a bank says came of a file, whole or not at all; read again, it changes nothing.

        It takes a fresh second factor, and somebody else than who wrote the file.
        """
        batch, asked, now = self.get_object(), read(ResultFileInput, request), timezone.now()
        require_second_factor(request, at=now)
        reading = operations.read_result_file(
            batch.pk,
            program_id=batch.program_id,
            content=asked["file"].read(BYTES_AT_MOST + 1),
            by=person(request),
            at=now,
        )
        return told(ReadingOutput(reading).data, is_new=reading.is_new)

    def _vote(self, decision: Decision) -> Response:
        batch, now = self.get_object(), timezone.now()
        with refusals_noted(self.request, VOTE_REFUSED, subject=batch):
            by, said = person(self.request), read(BatchVoteInput, self.request)
            require_second_factor(self.request, at=now)
            operations.vote_on_batch(
                batch.pk, program_id=batch.program_id, decision=decision, by=by, at=now, **said
            )  # fmt: skip
        return self._answer(batch)

    def _do(self, operation: Any, form: type[serializers.Serializer[Any]]) -> Response:
        batch = self.get_object()
        asked = read(form, self.request)
        operation(batch.pk, program_id=batch.program_id, by=person(self.request), at=timezone.now(), **asked)
        return self._answer(batch)

    def _answer(self, batch: PayoutBatch) -> Response:
        return Response(self._shown(batch))

    def _shown(self, batch: PayoutBatch) -> Any:
        fresh = self.rows().get(pk=batch.pk)
        return BatchOutput(fresh, context=self.get_serializer_context()).data
