"""Let bulk edits write each label's count once.

The triggers on links counted each portion of them, which holds the labels' rows until the whole
edit is committed. Who sets ``mediahub.bulk``, as ``apps.editing.services.bulk`` does, counts as well.
"""

from django.db import migrations

_BY_HAND = "current_setting('mediahub.bulk', true) IS NOT DISTINCT FROM 'on'"


def _links(label: str, *, counted: bool) -> str:
    """The function of the triggers on a label's links, as in migration 0008 but for the counts."""
    arrays = f"""
    UPDATE library_video video
    SET {label}_ids = COALESCE(
        (SELECT array_agg(link.{label}_id ORDER BY link.{label}_id)
         FROM library_video{label} link WHERE link.video_id = video.id), '{{}}')
    WHERE video.id IN (SELECT video_id FROM changed);"""  # noqa: S608 - of our own names
    counts = f"""
    UPDATE library_{label} label
    SET video_count = label.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT {label}_id, count(*) AS links FROM changed
          GROUP BY {label}_id ORDER BY {label}_id) grouped
    WHERE label.id = grouped.{label}_id;"""  # noqa: S608 - of our own names
    inside, outside = (arrays, counts) if counted else (arrays + counts, "")
    return f"""
CREATE OR REPLACE FUNCTION library_video{label}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ({_BY_HAND}) THEN {inside} END IF;{outside}
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0010_know_words")]

    operations = [
        migrations.RunSQL(_links(label, counted=False), _links(label, counted=True))
        for label in ("tag", "performer")
    ]
