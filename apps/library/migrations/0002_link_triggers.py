"""Keep ``video.tag_ids`` and the counts of videos in step with the links, whoever writes them."""

from django.db import migrations

_TAGS = """
CREATE FUNCTION library_videotag_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE library_video video
    SET tag_ids = COALESCE(
        (SELECT array_agg(link.tag_id ORDER BY link.tag_id)
         FROM library_videotag link WHERE link.video_id = video.id), '{}')
    WHERE video.id IN (SELECT video_id FROM changed);
    UPDATE library_tag tag
    SET video_count = tag.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT tag_id, count(*) AS links FROM changed GROUP BY tag_id ORDER BY tag_id) grouped
    WHERE tag.id = grouped.tag_id;
    RETURN NULL;
END $$;
CREATE TRIGGER library_videotag_added AFTER INSERT ON library_videotag
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION library_videotag_changed('1');
CREATE TRIGGER library_videotag_removed AFTER DELETE ON library_videotag
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION library_videotag_changed('-1');
"""
_NO_TAGS = """
DROP TRIGGER library_videotag_added ON library_videotag;
DROP TRIGGER library_videotag_removed ON library_videotag;
DROP FUNCTION library_videotag_changed;
"""

_PERFORMERS = """
CREATE FUNCTION library_videoperformer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE library_performer performer
    SET video_count = performer.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT performer_id, count(*) AS links FROM changed
          GROUP BY performer_id ORDER BY performer_id) grouped
    WHERE performer.id = grouped.performer_id;
    RETURN NULL;
END $$;
CREATE TRIGGER library_videoperformer_added AFTER INSERT ON library_videoperformer
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION library_videoperformer_changed('1');
CREATE TRIGGER library_videoperformer_removed AFTER DELETE ON library_videoperformer
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION library_videoperformer_changed('-1');
"""
_NO_PERFORMERS = """
DROP TRIGGER library_videoperformer_added ON library_videoperformer;
DROP TRIGGER library_videoperformer_removed ON library_videoperformer;
DROP FUNCTION library_videoperformer_changed;
"""

# Row by row, because a trigger with transition tables can't be limited to one column.
_STUDIOS = """
CREATE FUNCTION library_video_studio_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.studio_id IS NOT NULL THEN
        UPDATE library_studio SET video_count = video_count - 1 WHERE id = OLD.studio_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.studio_id IS NOT NULL THEN
        UPDATE library_studio SET video_count = video_count + 1 WHERE id = NEW.studio_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER library_video_studio_set AFTER INSERT ON library_video FOR EACH ROW
    WHEN (NEW.studio_id IS NOT NULL) EXECUTE FUNCTION library_video_studio_changed();
CREATE TRIGGER library_video_studio_moved AFTER UPDATE OF studio_id ON library_video FOR EACH ROW
    WHEN (OLD.studio_id IS DISTINCT FROM NEW.studio_id)
    EXECUTE FUNCTION library_video_studio_changed();
CREATE TRIGGER library_video_studio_gone AFTER DELETE ON library_video FOR EACH ROW
    WHEN (OLD.studio_id IS NOT NULL) EXECUTE FUNCTION library_video_studio_changed();
"""
_NO_STUDIOS = """
DROP TRIGGER library_video_studio_set ON library_video;
DROP TRIGGER library_video_studio_moved ON library_video;
DROP TRIGGER library_video_studio_gone ON library_video;
DROP FUNCTION library_video_studio_changed;
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]

    operations = [
        migrations.RunSQL(_TAGS, _NO_TAGS),
        migrations.RunSQL(_PERFORMERS, _NO_PERFORMERS),
        migrations.RunSQL(_STUDIOS, _NO_STUDIOS),
    ]
