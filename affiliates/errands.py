"""The kinds of intents that affiliates carry out: registering, claiming, expecting a charge, and settling.

Their keys are natural: of the program and of what is asked, in lower case, so that whoever asks twice asks once. A key
is free again when its intent is dead.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from affiliates import operations, rules
from affiliates.models import Settlement
from affiliates.operations.confirm_settlements import Proof
from affiliates.queries import people, sales
from affiliates.queries.keys import CLAIM, COMMERCE, REGISTER, SETTLEMENT, charge_event, claim_id
from affiliates.states import SettlementSource
from audit.context import acting_as
from audit.errors import DomainError
from identity.errors import AddressMakesNoSense
from identity.models import Program, User
from identity.proofs import LARGEST_CHAIN_ID, read_address
from ledger.errors import BadIntentPayload
from ledger.kinds import Done, Errand, IntentKind, Outcome, acting_for, register_kind
from ledger.money import plain

Payload = Mapping[str, Any]


def register() -> None:
    """Have them carried out."""
    register_kind(
        IntentKind(name=REGISTER, label="Register a member", examine=_registration, carry_out=_each(_register))
    )
    register_kind(IntentKind(name=CLAIM, label="Claim a payment", examine=_claim, carry_out=_each(_request)))
    register_kind(IntentKind(name=COMMERCE, label="Expect a charge", examine=_charge, carry_out=_each(_expect)))
    register_kind(IntentKind(name=SETTLEMENT, label="Settle what was proven", examine=_proof, carry_out=_settle))


def _each(carry_out: Callable[[Errand, datetime], Payload]) -> Callable[[Sequence[Errand]], list[Outcome]]:
    """Carry errands out one by one, each undone by itself when it is refused."""

    def carry_out_all(errands: Sequence[Errand]) -> list[Outcome]:
        at = timezone.now()
        outcomes: list[Outcome] = []
        for errand in errands:
            try:
                with transaction.atomic(), acting_for(errand):
                    outcomes.append(Done(carry_out(errand, at)))
            except DomainError as refusal:
                outcomes.append(refusal)
        return outcomes

    return carry_out_all


# Registering


def _registration(payload: Payload) -> Payload:
    said = _Said(payload, "wallet_address", "user", "name", "code", "clicked_at", "proven")
    return said.checked(
        {
            "wallet_address": said.address("wallet_address"),
            "user": said.optional_id("user"),
            "name": said.text("name", longest=200),
            "code": said.text("code", longest=40).lower(),
            "clicked_at": said.optional_moment("clicked_at"),
            # Whether a program's own key vouches for it: then nobody has to sign.
            "proven": said.truth("proven"),
        }
    )


def _register(errand: Errand, at: datetime) -> Payload:
    payload = errand.payload
    program = Program.objects.get(pk=errand.program_id)
    user = User.objects.filter(pk=payload["user"]).first() if payload["user"] else None
    address = payload["wallet_address"]
    if not payload["proven"]:
        people.require_proven(address, user=user)
    member = operations.register_member(
        program=program, wallet_address=address, user=user, name=payload["name"], code=payload["code"],
        clicked_at=datetime.fromisoformat(payload["clicked_at"]) if payload["clicked_at"] else None, at=at,
    )  # fmt: skip
    return {"member": str(member.pk), "affiliate": member.affiliate_id and str(member.affiliate_id)}


# Claiming


def _claim(payload: Payload) -> Payload:
    said = _Said(payload, "claim", "wallet_address", "reference", "asset", "amount", "chain_id", "tx_hash", "note")
    return said.checked(
        {
            "claim": said.optional_id("claim"),
            "wallet_address": said.address("wallet_address"),
            "reference": said.name("reference").lower(),
            "asset": said.text("asset", longest=40),
            "amount": said.amount("amount"),
            "chain_id": said.chain("chain_id"),
            "tx_hash": said.tx_hash("tx_hash"),
            "note": said.text("note", longest=500),
        }
    )


def _request(errand: Errand, at: datetime) -> Payload:
    payload = errand.payload
    program = Program.objects.get(pk=errand.program_id)
    address, reference = payload["wallet_address"], payload["reference"]
    claim = operations.request_claim(
        claim_id(program.pk, address, reference), program=program,
        member=people.member_by_address(address, program_id=program.pk), reference=reference,
        asset=sales.settled_asset(payload["asset"]), amount=Decimal(payload["amount"]), chain_id=payload["chain_id"],
        tx_hash=payload["tx_hash"], note=payload["note"], at=at,
    )  # fmt: skip
    return {"claim": str(claim.pk), "state": claim.state}


# Charges


def _charge(payload: Payload) -> Payload:
    said = _Said(payload, "charge", "wallet_address", "asset", "amount")
    return said.checked(
        {
            "charge": said.name("charge").lower(),
            "wallet_address": said.address("wallet_address"),
            "asset": said.text("asset", longest=40),
            "amount": said.amount("amount"),
        }
    )


def _expect(errand: Errand, at: datetime) -> Payload:
    payload = errand.payload
    program = Program.objects.get(pk=errand.program_id)
    people.require_open(program)
    settlement = operations.expect_settlement(
        people.member_by_address(payload["wallet_address"], program_id=program.pk),
        asset=sales.settled_asset(payload["asset"]), amount=Decimal(payload["amount"]),
        source=SettlementSource.PROVIDER, source_event=charge_event(payload["charge"]), at=at,
    )  # fmt: skip
    return {"settlement": str(settlement.pk), "charge": payload["charge"]}


# Settling


def _proof(payload: Payload) -> Payload:
    # The house's own: who finds a proof writes it.
    return dict(payload)


def _settle(errands: Sequence[Errand]) -> list[Outcome]:
    proofs = [
        Proof(
            settlement_id=UUID(payload["settlement"]), program_id=errand.program_id,
            occurred_at=datetime.fromisoformat(payload["occurred_at"]), rail=payload["rail"],
            chain_id=payload["chain_id"], tx_hash=payload["tx_hash"], position=payload["position"],
            block_number=payload["block_number"],
            rail_event=UUID(payload["rail_event"]) if payload["rail_event"] else None, asker=errand.asker,
        )
        for errand in errands
        for payload in (errand.payload,)
    ]  # fmt: skip
    # Accounts that are not there yet are opened by the house; what is booked names who asked for it.
    with acting_as("worker", "intents"):
        outcomes = operations.confirm_settlements(proofs, at=timezone.now())
    return [Done({"settlement": str(one.pk)}) if isinstance(one, Settlement) else one for one in outcomes]


class _Said:
    """What a payload says, read field by field; what can't be read is collected, and refused at once."""

    def __init__(self, payload: Payload, *known: str) -> None:
        self._payload = payload
        self._wrong: dict[str, list[str]] = {
            str(name)[:80]: ["There is no such field."] for name in payload if name not in known
        }

    def checked(self, read: dict[str, Any]) -> Payload:
        """Return what was read.

        :raises BadIntentPayload: if something could not be.
        """
        if self._wrong:
            raise BadIntentPayload(fields=self._wrong)
        return read

    def _no(self, name: str, why: str) -> str:
        self._wrong[name] = [why]
        return ""

    def text(self, name: str, *, longest: int) -> str:
        said = self._payload.get(name) or ""
        if not isinstance(said, str) or len(said) > longest or "\0" in said:
            return self._no(name, f"A text of at most {longest} characters.")
        return said.strip()

    def name(self, name: str) -> str:
        said = self._payload.get(name)
        if not isinstance(said, str) or not rules.REFERENCE.fullmatch(said):
            return self._no(name, "1 to 80 letters, digits and . _ : -")
        return said

    def truth(self, name: str) -> bool:
        return self._payload.get(name) is True

    def address(self, name: str) -> str:
        said = self._payload.get(name)
        try:
            return read_address(said if isinstance(said, str) else "")
        except AddressMakesNoSense as no:
            return self._no(name, f"No wallet address: {no.params['reason']}.")

    def tx_hash(self, name: str) -> str:
        said = self._payload.get(name)
        read = said.lower() if isinstance(said, str) else ""
        return read if rules.TX_HASH.fullmatch(read) else self._no(name, "0x and 64 hexadecimal digits.")

    def chain(self, name: str) -> int:
        said = self._payload.get(name)
        if type(said) is int and 0 < said <= LARGEST_CHAIN_ID:
            return said
        self._no(name, "A chain's number.")
        return 0

    def amount(self, name: str) -> str:
        said = self._payload.get(name)
        try:
            amount = Decimal(said) if isinstance(said, str) and len(said) <= 60 else Decimal("NaN")
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not 0 < amount < Decimal(10) ** 20 or amount.adjusted() < -18:
            return self._no(name, 'An amount above zero, as text: "12.50".')
        return plain(amount)

    def optional_id(self, name: str) -> str | None:
        said = self._payload.get(name)
        if said is None:
            return None
        try:
            return str(UUID(str(said)))
        except ValueError:
            return self._no(name, "An id.")

    def optional_moment(self, name: str) -> str | None:
        said = self._payload.get(name)
        if said is None:
            return None
        try:
            moment = datetime.fromisoformat(str(said))
        except ValueError:
            return self._no(name, "A time with its offset.")
        return moment.isoformat() if moment.tzinfo else self._no(name, "A time with its offset.")
