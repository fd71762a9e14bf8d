from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0042_full_pages'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.UniqueConstraint(fields=('id', 'program_id'), name='ledger_hold_in_program'),
        ),
    ]
