"""The ledger's routes under /api/v2/enterprise/ledger/. They read; what books is an operation of a room above."""
