"""What a scan knows of a file: no longer its own number, and the root's device as 0."""

from django.db import migrations, models

_TO_NOUGHT = """
    UPDATE library_file file SET device = 0
    FROM library_library library
    WHERE library.id = file.library_id AND file.device = library.device
"""
_BACK = """
    UPDATE library_file file SET device = coalesce(library.device, 0)
    FROM library_library library
    WHERE library.id = file.library_id AND file.device = 0
"""


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0003_catalogue_stays_true"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="file",
            name="scan",
        ),
        migrations.AlterField(
            model_name="file",
            name="device",
            field=models.DecimalField(
                decimal_places=0,
                help_text="0 on the root's own, whose number may change with each mount",
                max_digits=20,
            ),
        ),
        migrations.RunSQL(_TO_NOUGHT, _BACK),
    ]
