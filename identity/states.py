"""The states a program can be in and the roles a person can hold, with the words people read."""

from django.db import models


class ProgramStatus(models.TextChoices):
    """Paused: no new customer actions, but facts, reversals and paying what is owed go on. Closed: for good."""

    ACTIVE = "ACTIVE", "Active"
    PAUSED = "PAUSED", "Paused"
    CLOSED = "CLOSED", "Closed"


class Role(models.TextChoices):
    """What a person is in a program. What a role may do stands in ``identity.rules``."""

    OWNER = "OWNER", "Owner"
    FINANCE_MAKER = "FINANCE_MAKER", "Finance maker"
    FINANCE_APPROVER = "FINANCE_APPROVER", "Finance approver"
    SUPPORT = "SUPPORT", "Support"
    AUDITOR = "AUDITOR", "Auditor"
    MERCHANT = "MERCHANT", "Merchant"
    AFFILIATE = "AFFILIATE", "Affiliate"
    CUSTOMER = "CUSTOMER", "Customer"


PROGRAM_STATUS_COLOURS = {
    ProgramStatus.ACTIVE: "good",
    ProgramStatus.PAUSED: "warn",
    ProgramStatus.CLOSED: "neutral",
}
