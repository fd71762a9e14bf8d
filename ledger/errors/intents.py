"""Why an intent is not created, or not tried again. Nothing was written when one of these is raised."""

from audit.errors import DomainError


class BadIntentPayload(DomainError):
    """Raised when what is asked for could never be carried out; `params.fields` says which fields and why."""

    code = "bad_intent_payload"
    status = 400
    message = "Some fields are missing or make no sense."


class BadIntentKey(DomainError):
    """Raised when a key is empty or too long, holds what can't be stored, or is of the kind only the house uses."""

    code = "bad_intent_key"
    status = 400
    message = "This can't be a key: {reason}."


class IntentKeyConflict(DomainError):
    """Raised when a key was used before for something else."""

    code = "intent_key_conflict"
    status = 409
    message = "{key} was asked for already, and differs in: {fields}."


class IntentKeyTaken(DomainError):
    """Raised when a dead intent is to be tried again and its key has been used anew since."""

    code = "key_taken"
    status = 409
    message = "{key} was asked for again since: its newer intent decides."


class BadRetryReason(DomainError):
    """Raised when an intent is to be tried again and nobody says why."""

    code = "bad_retry_reason"
    status = 400
    message = "Say why it should work now, in 1 to {most} characters."
