"""Keep ``video.made`` in step with the artifacts, whoever writes them."""

from django.db import migrations

_SAY = """
CREATE FUNCTION artifacts_say_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE library_video video SET made = now_made.kinds
    FROM (
        SELECT changed.video_id, COALESCE(array_agg(artifact.kind ORDER BY artifact.kind)
            FILTER (WHERE artifact.state = 'made'), '{}') AS kinds
        FROM (SELECT DISTINCT video_id FROM changed ORDER BY video_id) changed
        LEFT JOIN artifacts_artifact artifact ON artifact.video_id = changed.video_id
        GROUP BY changed.video_id
    ) now_made
    WHERE video.id = now_made.video_id AND video.made <> now_made.kinds;
    RETURN NULL;
END $$;
CREATE TRIGGER artifacts_made_added AFTER INSERT ON artifacts_artifact
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION artifacts_say_made();
CREATE TRIGGER artifacts_made_changed AFTER UPDATE ON artifacts_artifact
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION artifacts_say_made();
CREATE TRIGGER artifacts_made_removed AFTER DELETE ON artifacts_artifact
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION artifacts_say_made();
"""
_SAY_NOTHING = """
DROP TRIGGER artifacts_made_added ON artifacts_artifact;
DROP TRIGGER artifacts_made_changed ON artifacts_artifact;
DROP TRIGGER artifacts_made_removed ON artifacts_artifact;
DROP FUNCTION artifacts_say_made;
"""
_FILL = """
UPDATE library_video video SET made = artifacts.kinds
FROM (SELECT video_id, array_agg(kind ORDER BY kind) AS kinds
      FROM artifacts_artifact WHERE state = 'made' GROUP BY video_id) artifacts
WHERE artifacts.video_id = video.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("artifacts", "0003_leftover_triggers"),
        ("library", "0007_search"),
    ]

    operations = [
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RunSQL(_SAY, _SAY_NOTHING),
    ]
