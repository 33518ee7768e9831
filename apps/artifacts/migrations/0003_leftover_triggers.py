"""Remember every stored file that no artifact names any more, whoever changes the rows."""

from django.db import migrations

_REMEMBER = """
CREATE FUNCTION artifacts_remember_leftovers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO artifacts_leftover (path, video_id, kind, library_id, size_bytes)
    SELECT file.value->>'path', OLD.video_id, OLD.kind,
        (SELECT library_id FROM library_video WHERE id = OLD.video_id),
        coalesce((file.value->>'bytes')::bigint, 0)
    FROM jsonb_each(OLD.files) file
    WHERE file.value ? 'path' AND (TG_OP = 'DELETE' OR NOT EXISTS (
        SELECT FROM jsonb_each(NEW.files) kept WHERE kept.value->>'path' = file.value->>'path'
    ))
    ON CONFLICT (path) DO UPDATE SET due_at = statement_timestamp();
    RETURN NULL;
END $$;
CREATE TRIGGER artifacts_replaced AFTER UPDATE OF files ON artifacts_artifact
    FOR EACH ROW WHEN (OLD.files IS DISTINCT FROM NEW.files)
    EXECUTE FUNCTION artifacts_remember_leftovers();
CREATE TRIGGER artifacts_removed AFTER DELETE ON artifacts_artifact
    FOR EACH ROW EXECUTE FUNCTION artifacts_remember_leftovers();
"""
_FORGET = """
DROP TRIGGER artifacts_replaced ON artifacts_artifact;
DROP TRIGGER artifacts_removed ON artifacts_artifact;
DROP FUNCTION artifacts_remember_leftovers;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("artifacts", "0002_kinds_and_leftovers"),
    ]

    operations = [migrations.RunSQL(_REMEMBER, _FORGET)]
