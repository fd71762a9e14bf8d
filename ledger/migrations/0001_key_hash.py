"""What the index over keys holds instead of the keys: a hash of half their size, that puts them in no order.

Before the tables, because the index on one of them needs it.
"""

from django.db import migrations

FORWARD = r"""
-- Everything in it is immutable; convert_to, which says the same more plainly, is not. `decode` reads backslashes.
CREATE FUNCTION ledger_key_hash(program_id uuid, key text) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN encode(substr(sha256(decode(replace(program_id::text || key, '\', '\\'), 'escape')), 1, 16), 'hex')::uuid;
"""

REVERSE = "DROP FUNCTION ledger_key_hash(uuid, text);"


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=REVERSE)]
