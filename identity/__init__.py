"""identity: who may do what, and in which program.

Purpose: people, parties and programs (tenants), memberships with roles, and the one table that turns a role into
permissions; keys and tokens with which the API is called; what waits for a second person; settings and commission
rates; requests that must happen once; wallet addresses proven by a signed message.
Tables: identity_user, identity_party, identity_program, identity_programterms, identity_membership, identity_apikey,
identity_tokenfamily, identity_refreshtoken, identity_usedcode, identity_walletaddress, identity_addresschallenge,
identity_idempotencyrecord, identity_proposal and its makers and votes, identity_setting and its versions.
Callers: every context above; it imports audit only.
"""
