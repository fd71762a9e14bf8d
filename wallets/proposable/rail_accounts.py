"""What two people decide about accounts at rails: that one is used, and what one that is in use becomes."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from identity import vault
from identity.kinds import Prepared, ProposalKind, register_kind
from identity.models import Program, Proposal
from identity.rules import Band
from wallets.errors import BadRailAccount, RailAccountChanged, SecretUnreadable, UnknownRailAccount
from wallets.models import RailAccount
from wallets.operations import activate_rail_account, change_rail_account
from wallets.queries import rail_accounts, rail_wishes
from wallets.rails import rail_named
from wallets.states import RailAccountState

Payload = Mapping[str, Any]

ACTIVATE: Final = "wallets.activate_rail_account"
CHANGE: Final = "wallets.change_rail_account"

_APPROVERS: Final = frozenset({"OWNER", "FINANCE_APPROVER"})
_BANDS: Final = (Band(Decimal(0), 1, _APPROVERS),)


def register() -> None:
    """Let these be proposed."""
    register_kind(
        ProposalKind(
            name=ACTIVATE,
            label="Use a rail account",
            permission_to_propose="rail.propose",
            bands=_BANDS,
            check=_check_activation,
            prepare=_prepare_activation,
            describe=_describe,
            execute=_activate,
        )
    )
    register_kind(
        ProposalKind(
            name=CHANGE,
            label="Change a rail account",
            permission_to_propose="rail.propose",
            bands=_BANDS,
            check=_check_change,
            prepare=_prepare_change,
            describe=_describe,
            execute=_change,
        )
    )


def _check_activation(program: Program, payload: Payload) -> None:
    account = _account(program, payload)
    if account.state not in (RailAccountState.DRAFT, RailAccountState.STOPPED):
        raise BadRailAccount(reason=f"it is {account.get_state_display().lower()}")


def _prepare_activation(program: Program, payload: Payload) -> Prepared:
    account = _account(program, payload)
    return Prepared(_said(account), subject=(account._meta.label_lower, str(account.pk)))


def _activate(proposal: Proposal, at: datetime) -> Payload:
    account = _account(proposal.program, proposal.payload)
    if rail_wishes.digest_of(account) != proposal.payload["digest"]:
        raise RailAccountChanged(version=account.version, seen=proposal.payload["version"])
    activate_rail_account(
        account.pk, program_id=proposal.program_id, version=proposal.payload["version"], at=at
    )  # fmt: skip
    return {"rail_account": str(account.pk), "state": RailAccountState.ACTIVE.value}


def _check_change(program: Program, payload: Payload) -> None:
    account = _account(program, payload)
    rail = rail_named(account.rail)
    changes = {name for name in ("number", "assets", "secrets") if name in payload}
    if account.state == RailAccountState.CLOSED:
        raise BadRailAccount(reason="it is closed")
    if not changes:
        raise BadRailAccount(reason="nothing of it is to change: number, assets or secrets")
    number, assets = payload.get("number", account.number), payload.get("assets", account.assets)
    if not isinstance(number, str) or not isinstance(assets, list):
        raise BadRailAccount(reason="its number is a text, and its assets are a list")
    rail_wishes.check_assets(assets, rail=rail, number=rail.check_number(number))
    if "secrets" in payload:
        rail_accounts.secrets_after(account, payload["secrets"])


def _prepare_change(program: Program, payload: Payload) -> Prepared:
    account = _account(program, payload)
    said = _said(account)
    said |= {"number": payload.get("number", account.number), "assets": payload.get("assets", account.assets)}
    said["stands"] = {"number": account.number, "assets": account.assets, "fingerprint": account.fingerprint}
    sealed = ""
    if "secrets" in payload:
        secrets = rail_accounts.secrets_after(account, payload["secrets"])
        # What was asked for, and not what comes of it: that is the same again as long as the version is.
        sealed = vault.encrypt(rail_wishes.packed(payload["secrets"]), place=_place(program, account))
        said["fingerprint"] = rail_wishes.fingerprint_of(secrets, program=program, rail=account.rail)
        said["sealed_sha256"] = _sha256(sealed)
    return Prepared(said, sealed=sealed, subject=(account._meta.label_lower, str(account.pk)))


def _change(proposal: Proposal, at: datetime) -> Payload:
    payload = proposal.payload
    account = _account(proposal.program, payload)
    changed = change_rail_account(
        account.pk, program_id=proposal.program_id, version=payload["version"], number=payload["number"],
        assets=payload["assets"], secrets=_opened(proposal, account) if proposal.sealed else None, by_two=True, at=at,
    )  # fmt: skip
    return {"rail_account": str(account.pk), "version": changed.version}


def _opened(proposal: Proposal, account: RailAccount) -> dict[str, Any]:
    if _sha256(proposal.sealed) != proposal.payload["sealed_sha256"]:
        raise SecretUnreadable(account=account.name, reason="they are not what was voted on")
    try:
        return rail_wishes.unpacked(vault.decrypt(proposal.sealed, place=_place(proposal.program, account)))
    except vault.Unreadable as unreadable:
        raise SecretUnreadable(account=account.name, reason=str(unreadable)) from None


def _describe(payload: Payload) -> list[tuple[str, str]]:
    stands = payload.get("stands", {})

    def told(field: str, now: str, before: str) -> tuple[str, str]:
        return (field, f"{now} (now {before})" if stands and now != before else now)

    rail = rail_named(payload["rail"])
    return [
        ("Rail account", f"{payload['name']} at {rail.label}, version {payload['version']}"),
        told("Number", rail.shown_number(payload["number"]), rail.shown_number(stands["number"]) if stands else ""),
        told("Assets", ", ".join(payload["assets"]), ", ".join(stands.get("assets", []))),
        told("Secrets", f"hidden ({payload['fingerprint'][:8]})", f"hidden ({stands.get('fingerprint', '')[:8]})"),
    ]


def _said(account: RailAccount) -> dict[str, Any]:
    """Return what stands: part of the wording, so that what was voted on can't come to mean anything else."""
    return {
        "rail_account": str(account.pk), "version": account.version, "name": account.name, "rail": account.rail,
        "number": account.number, "assets": account.assets, "fingerprint": account.fingerprint,
        "digest": rail_wishes.digest_of(account),
    }  # fmt: skip


def _account(program: Program, payload: Payload) -> RailAccount:
    named = payload.get("rail_account")
    try:
        found = RailAccount.objects.filter(pk=UUID(str(named)), program=program).first()
    except ValueError:
        found = None
    if found is None:
        raise UnknownRailAccount(account=str(named)[:60].replace("\0", ""))
    if payload.get("version", found.version) != found.version:
        raise RailAccountChanged(version=found.version, seen=payload["version"])
    return found


def _place(program: Program, account: RailAccount) -> vault.Place:
    return vault.Place("proposal", program.pk, f"rail_account:{account.pk}", account.version)


def _sha256(sealed: str) -> str:
    return hashlib.sha256(sealed.encode()).hexdigest()
