"""Affiliates by the ten thousand, and what they have earned: written as rows, because nobody waits for their making."""

from typing import Final

# Every settlement earns two people something, as it would if it had been booked; nobody reads the books here.
COMMISSIONS: Final = """
WITH sold AS (
    INSERT INTO affiliates_settlement (
        id, program_id, member_id, affiliate_id, parent_id, asset_id, amount, reversed_amount, source, source_event,
        rail, tx_hash, state, occurred_at, created_at, confirmed_at, verified_at, attempts, verdict,
        ledger_transaction_id)
    SELECT gen_random_uuid(), %(program)s, %(member)s, who.id, who.parent_id, %(asset)s, 100, 0, 'PROVIDER',
           'month:' || who.number || ':' || nth.number, '', '',
           'CONFIRMED', %(at)s, %(at)s, %(at)s, %(at)s, 0, '',
           %(booked)s
    FROM (SELECT id, parent_id, row_number() OVER (ORDER BY id) AS number FROM affiliates_affiliate one
          WHERE program_id = %(program)s AND parent_id IS NOT NULL
            AND EXISTS (SELECT FROM affiliates_purse purse WHERE purse.affiliate_id = one.id)
            AND EXISTS (SELECT FROM affiliates_purse purse WHERE purse.affiliate_id = one.parent_id)
          ORDER BY id LIMIT %(affiliates)s) who,
         generate_series(1, %(each)s) AS nth (number)
    RETURNING id, affiliate_id, parent_id
)
INSERT INTO affiliates_commission (
    id, program_id, affiliate_id, asset_id, type, state, amount, settlement_id, base, rate, exact, rate_from,
    accrued_at, payable_at, held_reason, reason, ledger_transaction_id)
SELECT gen_random_uuid(), %(program)s, earner.id, %(asset)s, earner.type, 'DUE', earner.amount, sold.id, 100,
       earner.amount / 100, earner.amount, 'the program''s', %(at)s, %(at)s, '', '', %(booked)s
FROM sold, LATERAL (VALUES (affiliate_id, 'DIRECT', 10), (parent_id, 'OVERRIDE', 2)) AS earner (id, type, amount)
"""
PURSES: Final = """
WITH owner AS (
    SELECT id FROM affiliates_affiliate one WHERE program_id = %(program)s
      AND NOT EXISTS (SELECT FROM affiliates_purse purse WHERE purse.affiliate_id = one.id)
    ORDER BY id LIMIT %(affiliates)s + 1
), account AS (
    INSERT INTO ledger_account (program_id, asset_id, code, role, account_class, status, opened_at)
    SELECT %(program)s, %(asset)s, 'affiliate:' || owner.id || ':' || part.name, part.role, 'LIABILITY', 'OPEN', %(at)s
    FROM owner, (VALUES ('liability', 'AFFILIATE'), ('reserved', 'AFFILIATE_RESERVED')) AS part (name, role)
    RETURNING id, code
)
INSERT INTO affiliates_purse (id, program_id, affiliate_id, asset_id, liability_id, reserved_id)
SELECT gen_random_uuid(), %(program)s, owner.id, %(asset)s, liability.id, reserved.id
FROM owner
JOIN account liability ON liability.code = 'affiliate:' || owner.id || ':liability'
JOIN account reserved ON reserved.code = 'affiliate:' || owner.id || ':reserved'
"""
TREE: Final = """
WITH party AS (
    INSERT INTO identity_party (id, program_id, kind, name, external_reference, status, salt, created_at)
    SELECT gen_random_uuid(), %(program)s, 'PERSON', 'N' || number, %(tree)s || number, 'ACTIVE', 'x', %(at)s
    FROM generate_series(1, %(count)s) AS number
    RETURNING id, external_reference
)
INSERT INTO affiliates_affiliate (
    id, program_id, party_id, code, phone_digest, parent_id, state, state_reason, last_standing, joined_at)
SELECT gen_random_uuid(), %(program)s, id, external_reference, '', %(parent)s, 'ACTIVE', '', 1, %(at)s FROM party
"""
# Without the override, which would be one affiliate's.
DIRECT_COMMISSIONS: Final = COMMISSIONS.replace(", (parent_id, 'OVERRIDE', 2)", "")
# The purses' balances, where something is to be booked in them.
BALANCES: Final = """
INSERT INTO ledger_balance (account_id, stripe, stripes, amount, version, floor)
SELECT account.id, 0, 1, 0, 0, CASE account.role WHEN 'AFFILIATE_RESERVED' THEN 0 END
FROM ledger_account account
WHERE account.program_id = %(program)s AND account.role IN ('AFFILIATE', 'AFFILIATE_RESERVED')
  AND NOT EXISTS (SELECT FROM ledger_balance balance WHERE balance.account_id = account.id)
"""
METHODS: Final = """
INSERT INTO affiliates_payoutmethod (
    id, program_id, affiliate_id, kind, destination, holder, destination_digest, state, added_at, added_by, verified_at,
    verified_by, usable_at)
SELECT gen_random_uuid(), program_id, id, 'MPESA', '2547' || lpad((row_number() OVER (ORDER BY id))::text, 8, '0'), '',
       md5(id::text), 'USABLE', %(at)s - interval '4 days', 'bench:bench', %(at)s - interval '3 days', 'bench:bench',
       %(at)s - interval '1 day'
FROM affiliates_affiliate WHERE program_id = %(program)s
"""
