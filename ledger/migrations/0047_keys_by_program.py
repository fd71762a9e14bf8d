"""The hash of a key begins with the end of its program's id: so the index over keys leads to a program's transactions, too.

A list of a small program's read everybody's before. An index over programs of its own would be seven bytes more of every
transaction; here two parts stand in the place of one: four bytes of the program, those that are random, and twelve of the
key's hash. Programs that share the four are told apart by themselves, and 96 bits are enough for the keys of one.
"""

from importlib import import_module

from django.db import migrations

before = import_module("ledger.migrations.0001_key_hash")

# The indexes go before the function changes, and are made anew: one that is only built again may be built with what the
# session remembers of the function.
DROP = """
DROP INDEX ledger_transaction_key_once;
DROP INDEX ledger_intent_key_once;
"""

FORWARD = r"""
-- Everything in it is immutable; convert_to, which says the same more plainly, is not. `decode` reads backslashes.
CREATE OR REPLACE FUNCTION ledger_key_hash(program_id uuid, key text) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (right(program_id::text, 8)
        || encode(substr(sha256(decode(replace(program_id::text || key, '\', '\\'), 'escape')), 1, 12), 'hex'))::uuid;
"""

ANEW = """
CREATE UNIQUE INDEX ledger_transaction_key_once ON ledger_transaction (ledger_key_hash(program_id, key));
CREATE UNIQUE INDEX ledger_intent_key_once ON ledger_intent (ledger_key_hash(program_id, key)) WHERE NOT state = 'DEAD';
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0046_posting_in_one_call")]

    operations = [
        migrations.RunSQL(
            sql=DROP + FORWARD + ANEW,
            reverse_sql=DROP + before.FORWARD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") + ANEW,
        )
    ]
