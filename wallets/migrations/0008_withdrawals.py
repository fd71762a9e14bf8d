import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0013_user_time_zone'),
        ('ledger', '0043_holds_in_program'),
        ('wallets', '0007_statement_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=200)),
                ('amount', models.DecimalField(decimal_places=18, max_digits=38)),
                ('destination_kind', models.CharField(choices=[('MPESA', 'M-Pesa'), ('BANK', 'Bank account'), ('EVM', 'On a chain')], max_length=6)),
                ('destination', models.CharField(max_length=120)),
                ('holder', models.CharField(blank=True, max_length=120)),
                ('state', models.CharField(choices=[('REQUESTED', 'Requested'), ('APPROVED', 'Approved'), ('SENT', 'Sent'), ('UNKNOWN', 'Unknown'), ('PAID', 'Paid'), ('FAILED', 'Failed'), ('REJECTED', 'Rejected'), ('CANCELLED', 'Cancelled'), ('RETURNED', 'Returned')], default='REQUESTED', max_length=9)),
                ('requested_by', models.CharField(max_length=250)),
                ('requested_at', models.DateTimeField()),
                ('approved_by', models.CharField(blank=True, max_length=250)),
                ('approved_at', models.DateTimeField(null=True)),
                ('batched_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('receipt', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='wallettransaction',
            name='wallets_transaction_is_of_something',
        ),
        migrations.AddConstraint(
            model_name='wallettransaction',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), models.Q(('amount', 0), ('owed_change__gt', 0), ('type__in', ('CHARGEBACK', 'WITHDRAWAL'))), _connector='OR'), name='wallets_transaction_is_of_something'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='hold',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='ledger.hold'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.program'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='wallet',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawals', to='wallets.wallet'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='wallet_transaction',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='wallets.wallettransaction'),
        ),
        migrations.AddIndex(
            model_name='withdrawal',
            index=models.Index(fields=['program', 'state', '-id'], name='wallets_withdrawal_listed'),
        ),
        migrations.AddIndex(
            model_name='withdrawal',
            index=models.Index(fields=['wallet', '-id'], name='wallets_withdrawal_of_wallet'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.UniqueConstraint(fields=('program', 'key'), name='wallets_withdrawal_key_once'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.UniqueConstraint(fields=('id', 'program'), name='wallets_withdrawal_in_program'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='wallets_withdrawal_amount_is_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['REQUESTED', 'APPROVED', 'SENT', 'UNKNOWN', 'PAID', 'FAILED', 'REJECTED', 'CANCELLED', 'RETURNED'])), name='wallets_withdrawal_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(('destination_kind__in', ['MPESA', 'BANK', 'EVM']), models.Q(('destination', ''), _negated=True)), name='wallets_withdrawal_goes_somewhere'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('APPROVED', 'SENT', 'UNKNOWN', 'PAID', 'FAILED', 'RETURNED')), _negated=True), models.Q(('approved_at__isnull', False), models.Q(('approved_by', ''), _negated=True)), _connector='OR'), name='wallets_withdrawal_somebody_approved'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'APPROVED'), models.Q(('batched_at__isnull', False), ('state__in', ('SENT', 'UNKNOWN', 'PAID', 'FAILED', 'RETURNED'))), models.Q(('batched_at', None), ('state__in', ('REQUESTED', 'REJECTED', 'CANCELLED'))), _connector='OR'), name='wallets_withdrawal_leaves_in_a_batch'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'REJECTED'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='wallets_withdrawal_says_why'),
        ),
    ]
