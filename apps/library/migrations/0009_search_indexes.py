"""Find folders, frame rates and widths; drop what these indexes do as well."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0008_written_by_hand"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="video",
            name="library_video_library",
        ),
        migrations.RemoveIndex(
            model_name="video",
            name="library_video_orientation",
        ),
        migrations.RemoveIndex(
            model_name="video",
            name="library_video_lines",
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(
                fields=["orientation", "frame_rate"], name="library_video_frame_rate"
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(fields=["lines", "width"], name="library_video_lines_width"),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(
                models.F("library"),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("path"), name="text_pattern_ops"
                ),
                name="library_video_folder",
            ),
        ),
    ]
