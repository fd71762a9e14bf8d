"""What is withheld of a payout, and how it came about; and what was due before anything was taken off."""

from django.db import migrations, models


def amount(**more):
    return models.DecimalField(decimal_places=18, max_digits=38, **more)


NOTHING = {"default": 0, "db_default": 0}


class Migration(migrations.Migration):
    dependencies = [("payouts", "0007_withdrawal_guards")]

    operations = [
        migrations.AddField("payout", "gross", amount(default=0), preserve_default=False),
        migrations.AddField("payout", "withheld", amount(**NOTHING)),
        migrations.AddField("payout", "withheld_base", amount(**NOTHING)),
        migrations.AddField(
            "payout", "withheld_rate", models.DecimalField(decimal_places=6, max_digits=9, **NOTHING)
        ),
        migrations.AddField(
            "payout", "withheld_exact", models.DecimalField(decimal_places=24, max_digits=44, **NOTHING)
        ),
        migrations.AddField("part", "withheld", amount(**NOTHING)),
    ]
