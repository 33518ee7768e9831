"""Have a video's arrays know the links of whoever wrote the video last.

To delete a tag, or to merge two, holds none of the videos beforehand: the triggers on their links
then wait for an edit that does, but looked for its links as they had been when the wait began, and
wrote arrays without them. They hold the videos first now, and look afterwards.
"""

from django.db import migrations

_BY_HAND = "current_setting('mediahub.bulk', true) IS NOT DISTINCT FROM 'on'"
_HOLD = """
    PERFORM FROM library_video WHERE id IN (SELECT video_id FROM changed)
    ORDER BY id FOR NO KEY UPDATE;"""


def _links(label: str, *, first: str = "") -> str:
    """The function of the triggers on a label's links, as in migration 0011."""
    return f"""
CREATE OR REPLACE FUNCTION library_video{label}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ({_BY_HAND}) THEN {first}
    UPDATE library_video video
    SET {label}_ids = COALESCE(
        (SELECT array_agg(link.{label}_id ORDER BY link.{label}_id)
         FROM library_video{label} link WHERE link.video_id = video.id), '{{}}')
    WHERE video.id IN (SELECT video_id FROM changed);
    UPDATE library_{label} label
    SET video_count = label.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT {label}_id, count(*) AS links FROM changed
          GROUP BY {label}_id ORDER BY {label}_id) grouped
    WHERE label.id = grouped.{label}_id;
    END IF;
    RETURN NULL;
END $$;
"""  # noqa: S608 - of our own names


class Migration(migrations.Migration):
    dependencies = [("library", "0013_room_for_changes")]

    operations = [
        migrations.RunSQL(_links(label, first=_HOLD), _links(label))
        for label in ("tag", "performer")
    ]
