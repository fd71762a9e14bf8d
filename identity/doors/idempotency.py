"""A request that is sent twice happens once."""

import hashlib
import json
from collections.abc import Callable, Collection
from functools import partial, wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, connection, transaction
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.crypto import salted_hmac
from psycopg.errors import DeadlockDetected, SerializationFailure
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from audit.errors import DomainError
from identity import rules
from identity.doors.permissions import InProgram
from identity.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyRequired,
    IdempotencyKeyReserved,
    IdempotencyKeysDiffer,
)
from identity.operations import run_once
from identity.operations.run_once import Outcome

Action = Callable[..., Response]

_NOTICE = "What is null here was shown once, in the first answer."
# A body of more fields is compared as a whole: a caller does not choose how much we keep.
_MOST_FIELDS = 100
_TRIES = 3
# These speak of who asks and when, not of what was asked: the same request may be sent again once that has changed.
_ABOUT_THE_CALLER = frozenset({401, 403, 429})


def idempotent(*, hides: Collection[str] = (), has_secret: bool = False) -> Callable[[Action], Action]:
    """Let an action happen once for each key of a caller.

    ``hides`` names fields of the answer that are not kept. ``has_secret`` says that the request may hold a secret: a
    plain hash of one could be guessed at, so what is kept is keyed with SECRET_KEY. (With another SECRET_KEY a replay
    of such a request is a mismatch, never a second time.)
    """

    def wrap(action: Action) -> Action:
        @wraps(action)
        def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = key_of(request)
            answers: list[Response] = []

            def work() -> Outcome:
                answer = _attempt(action, view, request, args, kwargs)
                answers.append(answer)
                body = json.loads(json.dumps(answer.data, cls=JSONEncoder))
                hidden = {name: None for name in hides if isinstance(body, dict) and name in body}
                kept = {**body, **hidden, "notice": _NOTICE} if hidden else body
                return Outcome(status=answer.status_code, body=body, kept=kept)

            in_program = isinstance(view, InProgram) and view.is_asked_of_a_program
            run = partial(
                run_once,
                key,
                program=view.program if in_program else None,
                caller=view.caller.pk,
                route=f"{request.method} {request.resolver_match.route}",  # type: ignore[union-attr]
                fields=_fingerprints(request, kwargs, keyed=has_secret),
                work=work,
            )
            outcome = _patiently(run)
            if not outcome.replayed:
                return answers[-1]
            replay = Response(outcome.body, status=outcome.status, headers={"Idempotent-Replayed": "true"})
            replay.exception = outcome.status >= 400
            return replay

        once.idempotent = True  # type: ignore[attr-defined]
        return once

    return wrap


def _patiently(run: Callable[..., Outcome]) -> Outcome:
    """Run it again when the database chose it to give way: everything was undone, so nothing happens twice."""
    for _ in range(_TRIES - 1):
        try:
            return run(at=timezone.now())
        except OperationalError as fault:
            gave_way = isinstance(fault.__cause__, (DeadlockDetected, SerializationFailure))
            if not gave_way or connection.in_atomic_block:
                raise
    return run(at=timezone.now())


def key_of(request: Request) -> str:
    """Return the key of the request.

    :raises IdempotencyKeyRequired: if it has none.
    :raises IdempotencyKeysDiffer: if header and body name two.
    :raises IdempotencyKeyInvalid: if it is too long or has other characters than visible ASCII.
    :raises IdempotencyKeyReserved: if it begins as the house's own keys do.
    """
    sent = request.headers.get("Idempotency-Key")
    stated = request.data.get("idempotency_key") if isinstance(request.data, dict) else None
    if sent is not None and stated is not None and sent != stated:
        raise IdempotencyKeysDiffer
    key = stated if sent is None else sent
    if key is None or key == "":
        raise IdempotencyKeyRequired
    if not isinstance(key, str) or not rules.is_idempotency_key(key):
        raise IdempotencyKeyInvalid(limit=rules.LONGEST_IDEMPOTENCY_KEY)
    if rules.is_reserved_key(key):
        raise IdempotencyKeyReserved(prefixes=list(rules.RESERVED_KEY_PREFIXES))
    return key


def _attempt(action: Action, view: Any, request: Request, args: Any, kwargs: Any) -> Response:
    """Return the action's answer or its refusal, which has undone what the action did; everything else rises."""
    try:
        with transaction.atomic():
            answer = action(view, request, *args, **kwargs)
    except (DomainError, APIException, Http404, PermissionDenied) as refusal:
        answer = view.handle_exception(refusal)
        if answer.status_code >= 500 or answer.status_code in _ABOUT_THE_CALLER:
            raise
    assert 200 <= answer.status_code < 500, "a failure is raised, not returned"
    return answer


def _fingerprints(request: Request, kwargs: dict[str, Any], *, keyed: bool) -> dict[str, str]:
    body = request.data
    if isinstance(body, QueryDict):
        fields: dict[str, Any] = dict(body.lists())
    else:
        fields = dict(body) if isinstance(body, dict) else {"body": body}
    fields.pop("idempotency_key", None)
    if len(fields) > _MOST_FIELDS:
        fields = {"body": fields}
    return {name: _fingerprint(value, keyed=keyed) for name, value in {**fields, **kwargs}.items()}


def _fingerprint(value: Any, *, keyed: bool) -> str:
    if isinstance(value, list) and any(isinstance(item, UploadedFile) for item in value):
        value = [_content(item) if isinstance(item, UploadedFile) else item for item in value]
    text = json.dumps(value, sort_keys=True, cls=JSONEncoder)
    if keyed:
        return salted_hmac("identity.idempotency", text, algorithm="sha256").hexdigest()
    return hashlib.sha256(text.encode()).hexdigest()


def _content(file: "UploadedFile[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
