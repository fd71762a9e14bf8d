"""Changing a setting that moves money, or guards what does."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from identity import rules, vault
from identity.errors import SettingChanged, SettingMakesNoSense, SettingNeedsNoProposal, SettingUnreadable
from identity.kinds import Prepared, ProposalKind, register_kind
from identity.models import Program, Proposal
from identity.operations import store_setting
from identity.queries.settings import in_words, standing
from identity.settable import spec_of
from identity.states import Role

Payload = Mapping[str, Any]

CHANGE_SETTING = "identity.change_setting"


def register() -> None:
    """Let it be proposed."""
    register_kind(
        ProposalKind(
            name=CHANGE_SETTING,
            label="Change a setting",
            permission_to_propose="setting.propose",
            bands=(rules.Band(Decimal(0), 1, frozenset({Role.OWNER.value})),),
            check=_check,
            prepare=_prepare,
            describe=_describe,
            execute=_execute,
        )
    )


def _check(program: Program, payload: Payload) -> None:
    key, version = str(payload.get("key")), payload.get("version")
    stands = standing(key, program)
    if not stands.spec.needs_two:
        raise SettingNeedsNoProposal(setting=key)
    if "value" not in payload:
        raise SettingMakesNoSense(setting=key, reason="needs a value; null is its default")
    stands.spec.take(payload["value"])
    if type(version) is not int or version != stands.version:
        raise SettingChanged(setting=key, version=stands.version)


def _prepare(program: Program, payload: Payload) -> Prepared:
    stands = standing(payload["key"], program)
    spec = stands.spec
    value = spec.take(payload["value"])
    # What stands is part of the wording: the version that it names can't come to mean anything else.
    kept = {"key": spec.key, "version": stands.version, "stands": stands.shown}
    if not spec.is_secret or value is None:
        return Prepared({**kept, "value": value})
    sealed = vault.encrypt(str(value), place=_place(program, spec.key, stands.version))
    said = vault.fingerprint(str(value), program_id=program.pk, name=spec.key)
    return Prepared({**kept, "fingerprint": said, "sealed_sha256": _sha256(sealed)}, sealed=sealed)


def _describe(payload: Payload) -> list[tuple[str, str]]:
    spec = spec_of(payload["key"])
    if "sealed_sha256" in payload:
        to = f"A secret, hidden ({payload['fingerprint'][:8]})"
    elif payload["value"] is None:
        to = f"Its default: {in_words(spec, spec.default)}"
    else:
        to = in_words(spec, payload["value"])
    return [
        ("Setting", f"{spec.key}: {spec.purpose}"),
        ("As it stands", f"{payload['stands']} (version {payload['version']})"),
        ("As proposed", to),
    ]


def _execute(proposal: Proposal, at: datetime) -> Payload:
    payload = proposal.payload
    stored = store_setting(
        payload["key"],
        program=proposal.program,
        value=_opened(proposal) if "sealed_sha256" in payload else payload["value"],
        version=payload["version"],
        reason=f"Proposal {proposal.pk}: {proposal.reason}"[:500],
        at=at,
    )
    return {"setting": payload["key"], "version": stored.version}


def _opened(proposal: Proposal) -> str:
    key, version = proposal.payload["key"], proposal.payload["version"]
    if _sha256(proposal.sealed) != proposal.payload["sealed_sha256"]:
        raise SettingUnreadable(setting=key, reason="the secret is not the one that was voted on")
    try:
        return vault.decrypt(proposal.sealed, place=_place(proposal.program, key, version))
    except vault.Unreadable as unreadable:
        raise SettingUnreadable(setting=key, reason=str(unreadable)) from None


def _place(program: Program, key: str, version: int) -> vault.Place:
    return vault.Place("proposal", program.pk, key, version)


def _sha256(sealed: str) -> str:
    return hashlib.sha256(sealed.encode()).hexdigest()
