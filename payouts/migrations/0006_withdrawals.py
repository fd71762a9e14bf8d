import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('affiliates', '0006_freed'),
        ('identity', '0013_user_time_zone'),
        ('ledger', '0043_holds_in_program'),
        ('payouts', '0005_bank_file_guards'),
        ('wallets', '0009_withdrawal_guards'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='payout',
            name='payouts_payout_has_one_payee',
        ),
        migrations.AddField(
            model_name='payout',
            name='withdrawal',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payouts', to='wallets.withdrawal'),
        ),
        migrations.AlterField(
            model_name='batchmaker',
            name='role',
            field=models.CharField(choices=[('CREATED', 'Created it'), ('ADDED', 'Added to it'), ('COLLECTED', 'Collected what is due'), ('CHANGED', 'Changed it'), ('SUBMITTED', 'Submitted it'), ('PAYEE', 'Changed where somebody is paid'), ('FREED', 'Freed what was on hold'), ('APPROVED', 'Approved a withdrawal in it'), ('PAID', 'Is paid by it')], max_length=9),
        ),
        migrations.AlterField(
            model_name='payout',
            name='payee_type',
            field=models.CharField(choices=[('AFFILIATE', 'Affiliate'), ('OUTGOING', 'Outgoing'), ('WITHDRAWAL', 'Withdrawal')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawal__isnull', False)), fields=('batch', 'withdrawal'), name='payouts_payout_withdrawal_once'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawal__isnull', False), models.Q(('state', 'EXCLUDED'), _negated=True)), fields=('withdrawal',), name='payouts_payout_withdrawal_live_once'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('affiliate__isnull', False), ('outgoing', None), ('payee_type', 'AFFILIATE'), ('withdrawal', None)), models.Q(('affiliate', None), ('outgoing__isnull', False), ('payee_type', 'OUTGOING'), ('withdrawal', None)), models.Q(('affiliate', None), ('outgoing', None), ('payee_type', 'WITHDRAWAL'), ('withdrawal__isnull', False)), _connector='OR'), name='payouts_payout_has_one_payee'),
        ),
    ]
