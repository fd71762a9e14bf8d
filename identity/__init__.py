"""identity: who may do what, and in which program.

Purpose: people and programs (tenants), memberships with roles, and the one table that turns a role into permissions.
Tables: identity_user, identity_program, identity_membership.
Callers: every context above; it imports audit only.
"""
