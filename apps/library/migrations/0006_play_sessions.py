import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What was recorded so far were stretches, each of which counted as a play.
_FILL = """
    UPDATE library_play
    SET user_id = viewing.user_id, session = gen_random_uuid(), counted = true,
        stretches = jsonb_build_array(jsonb_build_array(from_ms, to_ms)),
        played_ms = greatest(0, to_ms - from_ms)
    FROM library_viewing viewing
    WHERE viewing.id = library_play.viewing_id;
    SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0005_cover_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("play", "counted", models.BooleanField(default=False)),
        migrations.AddField("play", "played_ms", models.PositiveBigIntegerField(default=0)),
        migrations.AddField("play", "session", models.UUIDField(null=True)),
        migrations.AddField("play", "stretches", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "play",
            "user",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AlterField("play", "session", models.UUIDField(default=uuid.uuid4)),
        migrations.AlterField(
            "play",
            "user",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "play",
            "viewing",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="plays",
                to="library.viewing",
            ),
        ),
        migrations.AddConstraint(
            "play",
            models.UniqueConstraint(fields=("viewing", "session"), name="library_play_session"),
        ),
        migrations.AddIndex(
            "play", models.Index(fields=["user", "-id"], name="library_play_of_user")
        ),
    ]
