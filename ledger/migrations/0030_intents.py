"""Intents, and how many attempts came to what."""

import django.db.models.functions.datetime
import ledger.models.fields
import ledger.models.transactions
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0021_value_dated'),
    ]

    operations = [
        migrations.CreateModel(
            name='Intent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('program_id', models.UUIDField()),
                ('key', models.CharField(max_length=255)),
                ('kind', models.CharField(max_length=40)),
                ('payload', models.JSONField()),
                ('fingerprint', models.BinaryField(max_length=16)),
                ('state', models.CharField(choices=[('PENDING', 'Waiting'), ('LOCKED', 'Under way'), ('COMPLETED', 'Completed'), ('FAILED', 'To be tried again'), ('DEAD', 'Dead')], default='PENDING', max_length=9)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lock_token', models.UUIDField(null=True)),
                ('result', models.JSONField(null=True)),
                ('error', models.JSONField(null=True)),
                ('fault', models.CharField(blank=True, max_length=500)),
                ('actor_type', models.CharField(max_length=40)),
                ('actor_id', ledger.models.fields.UuidOrText(max_length=200)),
                ('correlation_id', ledger.models.fields.UuidOrText(max_length=64)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(condition=models.Q(('state', 'COMPLETED'), _negated=True), fields=['state', 'due_at'], name='ledger_intent_due'), models.Index(fields=['program_id', '-id'], name='ledger_intent_program')],
                'constraints': [models.UniqueConstraint(ledger.models.transactions.KeyHash('program_id', 'key'), condition=models.Q(('state', 'DEAD'), _negated=True), name='ledger_intent_key_once'), models.CheckConstraint(condition=models.Q(('state__in', ['PENDING', 'LOCKED', 'COMPLETED', 'FAILED', 'DEAD'])), name='ledger_intent_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('lock_token__isnull', False), ('state', 'LOCKED')), models.Q(models.Q(('state', 'LOCKED'), _negated=True), ('lock_token__isnull', True)), _connector='OR'), name='ledger_intent_is_claimed_while_locked'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('result__isnull', False), ('state', 'COMPLETED')), models.Q(('error__isnull', False), ('finished_at__isnull', False), ('state', 'DEAD')), models.Q(models.Q(('state__in', ('COMPLETED', 'DEAD')), _negated=True), ('finished_at__isnull', True)), _connector='OR'), name='ledger_intent_ends_with_an_outcome'), models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='ledger_intent_has_a_key')],
            },
        ),
        migrations.CreateModel(
            name='IntentTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('outcome', models.CharField(max_length=9)),
                ('count', models.BigIntegerField()),
            ],
            options={
                'verbose_name_plural': 'intent tallies',
                'constraints': [models.UniqueConstraint(fields=('kind', 'outcome'), name='ledger_intenttally_once')],
            },
        ),
    ]
