"""Find videos by their labels in a table of its own, which triggers keep in step."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

_BY_HAND = "current_setting('mediahub.bulk', true) IS NOT DISTINCT FROM 'on'"
_CHANGED = " OR ".join(
    f"OLD.{column} IS DISTINCT FROM NEW.{column}"
    for column in ("tag_ids", "performer_ids", "studio_id")
)

_FILL = """
INSERT INTO library_videolabels (video_id, tag_ids, performer_ids, studio_id)
SELECT id, tag_ids, performer_ids, studio_id FROM library_video ORDER BY id
"""
# Changes row by row, because a trigger with transition tables can't be limited to some columns.
_TRIGGERS = f"""
CREATE FUNCTION library_video_labelled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO library_videolabels (video_id, tag_ids, performer_ids, studio_id)
        SELECT id, tag_ids, performer_ids, studio_id FROM changed;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM library_videolabels WHERE video_id IN (SELECT id FROM changed);
    ELSE
        UPDATE library_videolabels
        SET tag_ids = NEW.tag_ids, performer_ids = NEW.performer_ids, studio_id = NEW.studio_id
        WHERE video_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER library_video_labels_made AFTER INSERT ON library_video
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION library_video_labelled();
CREATE TRIGGER library_video_labels_gone AFTER DELETE ON library_video
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION library_video_labelled();
CREATE TRIGGER library_video_labels_changed
    AFTER UPDATE OF tag_ids, performer_ids, studio_id ON library_video
    FOR EACH ROW WHEN (NOT ({_BY_HAND}) AND ({_CHANGED}))
    EXECUTE FUNCTION library_video_labelled();
"""  # noqa: S608 - of our own names
_NO_TRIGGERS = """
DROP TRIGGER library_video_labels_changed ON library_video;
DROP TRIGGER library_video_labels_gone ON library_video;
DROP TRIGGER library_video_labels_made ON library_video;
DROP FUNCTION library_video_labelled;
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0011_counted_by_hand")]

    operations = [
        migrations.CreateModel(
            name="VideoLabels",
            fields=[
                (
                    "video",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="labels",
                        serialize=False,
                        to="library.video",
                    ),
                ),
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
        # these first: from then on other writers wait until all of it is committed
        migrations.RunSQL(_TRIGGERS, _NO_TRIGGERS),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="videolabels",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["tag_ids"], name="library_videolabels_tags"
            ),
        ),
        migrations.AddIndex(
            model_name="videolabels",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["performer_ids"], name="library_videolabels_people"
            ),
        ),
        migrations.AddIndex(
            model_name="videolabels",
            index=models.Index(fields=["studio"], name="library_videolabels_studio"),
        ),
        migrations.RemoveIndex(model_name="video", name="library_video_tags"),
        migrations.RemoveIndex(model_name="video", name="library_video_performers"),
    ]
