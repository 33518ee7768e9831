"""Find videos by their words and labels in a table of its own, which triggers keep in step."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

_BY_HAND = "current_setting('mediahub.bulk', true) IS NOT DISTINCT FROM 'on'"
_CHANGED = " OR ".join(
    f"OLD.{column} IS DISTINCT FROM NEW.{column}"
    for column in ("tag_ids", "performer_ids", "haystack", "studio_id")
)

_FILL = """
INSERT INTO library_videoindex (video_id, haystack, tag_ids, performer_ids, studio_id)
SELECT id, haystack, tag_ids, performer_ids, studio_id FROM library_video ORDER BY id
"""
# PostgreSQL shall know how common words are, as migration 0010 says
_MORE = "ALTER TABLE library_videoindex ALTER COLUMN haystack SET STATISTICS 500"

# Changes row by row, because a trigger with transition tables can't be limited to some columns.
_TRIGGERS = f"""
CREATE FUNCTION library_video_indexed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO library_videoindex (video_id, haystack, tag_ids, performer_ids, studio_id)
        SELECT id, haystack, tag_ids, performer_ids, studio_id FROM changed;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM library_videoindex WHERE video_id IN (SELECT id FROM changed);
    ELSE
        UPDATE library_videoindex
        SET haystack = NEW.haystack, tag_ids = NEW.tag_ids, performer_ids = NEW.performer_ids,
            studio_id = NEW.studio_id
        WHERE video_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER library_video_index_made AFTER INSERT ON library_video
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION library_video_indexed();
CREATE TRIGGER library_video_index_gone AFTER DELETE ON library_video
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION library_video_indexed();
CREATE TRIGGER library_video_index_changed
    AFTER UPDATE OF title, path, tag_ids, performer_ids, studio_id ON library_video
    FOR EACH ROW WHEN (NOT ({_BY_HAND}) AND ({_CHANGED}))
    EXECUTE FUNCTION library_video_indexed();
"""  # noqa: S608 - of our own names
_NO_TRIGGERS = """
DROP TRIGGER library_video_index_changed ON library_video;
DROP TRIGGER library_video_index_gone ON library_video;
DROP TRIGGER library_video_index_made ON library_video;
DROP FUNCTION library_video_indexed;
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0011_counted_by_hand")]

    operations = [
        migrations.CreateModel(
            name="VideoIndex",
            fields=[
                (
                    "video",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="index",
                        serialize=False,
                        to="library.video",
                    ),
                ),
                ("haystack", models.TextField()),
                (
                    "tag_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "performer_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "studio",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="library.studio",
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RunSQL(_MORE, migrations.RunSQL.noop),
        migrations.RunSQL(_TRIGGERS, _NO_TRIGGERS),
        migrations.AddIndex(
            model_name="videoindex",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["tag_ids"], name="library_videoindex_tags"
            ),
        ),
        migrations.AddIndex(
            model_name="videoindex",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["performer_ids"], name="library_videoindex_people"
            ),
        ),
        migrations.AddIndex(
            model_name="videoindex",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("haystack"), name="gin_trgm_ops"),
                name="library_videoindex_words",
            ),
        ),
        migrations.AddIndex(
            model_name="videoindex",
            index=models.Index(fields=["studio"], name="library_videoindex_studio"),
        ),
        migrations.RemoveIndex(model_name="video", name="library_video_tags"),
        migrations.RemoveIndex(model_name="video", name="library_video_performers"),
        migrations.RemoveIndex(model_name="video", name="library_video_haystack"),
    ]
