"""What of the ledger is sealed: its transactions, and by the digest they carry their entries."""

from audit.sources import SealSource, register_source


def register() -> None:
    """Have them sealed."""
    register_source(
        SealSource(
            name="ledger",
            table="ledger_transaction",
            time_column="booked_at",
            versions={
                1: (
                    "id", "program_id", "key", "fingerprint", "entries_digest", "kind", "memo", "metadata",
                    "actor_type", "actor_id", "correlation_id", "booked_at", "effective_at", "reverses_id",
                    "corrects_id", "transaction_id",
                )
            },
        )
    )  # fmt: skip
