"""audit: what happened, who did it, and that nobody changed the record since.

Purpose: the append-only journal, the seals that prove it unchanged, the actor and correlation id of whatever is going
on, and refusals; the one way by which calls leave the house (egress).
Tables: audit_entry, audit_seal, audit_sealedrow.
Callers: every context records here; audit imports none of them and stores values instead of foreign keys, because a
journal row must outlive what it describes.
"""
