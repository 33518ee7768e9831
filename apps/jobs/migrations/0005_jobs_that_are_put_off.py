"""Why a job was put off, which its start forgets, and what clusters start none of."""

from importlib import import_module

from django.db import migrations, models

_BEFORE: str = import_module("apps.jobs.migrations.0004_claim_and_succeed_at_once")._CLAIM
_AFTER = _BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "pause_requested = false,", "pause_requested = false, wait_reason = '',"
)
assert _AFTER.count("wait_reason") == 1
_UNDO = _BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_claim_and_succeed_at_once")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="wait_reason",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="why it was put off, until it is started again",
                max_length=300,
            ),
        ),
        migrations.AddField(
            model_name="cluster",
            name="gates",
            field=models.JSONField(
                default=dict, help_text="kinds that it starts none of now, and why"
            ),
        ),
        migrations.RunSQL(_AFTER, _UNDO),
    ]
