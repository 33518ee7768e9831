"""Let bulk edits write each video once.

The triggers on links write a video's row for its arrays, and the one on studios writes a studio's
row for each of its videos. Who writes all of that in the same transaction, as
``apps.editing.services.bulk`` does, says so by the setting ``mediahub.bulk``.
"""

from django.db import migrations

_BY_HAND = "current_setting('mediahub.bulk', true) IS NOT DISTINCT FROM 'on'"


def _links(label: str, *, unless: str = "") -> str:
    """The function of the triggers on a label's links, as in migrations 0002 and 0007."""
    write = f"""
    UPDATE library_video video
    SET {label}_ids = COALESCE(
        (SELECT array_agg(link.{label}_id ORDER BY link.{label}_id)
         FROM library_video{label} link WHERE link.video_id = video.id), '{{}}')
    WHERE video.id IN (SELECT video_id FROM changed);"""  # noqa: S608 - of our own names
    return f"""
CREATE OR REPLACE FUNCTION library_video{label}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {f"IF NOT ({unless}) THEN {write} END IF;" if unless else write}
    UPDATE library_{label} label
    SET video_count = label.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT {label}_id, count(*) AS links FROM changed
          GROUP BY {label}_id ORDER BY {label}_id) grouped
    WHERE label.id = grouped.{label}_id;
    RETURN NULL;
END $$;
"""  # noqa: S608 - of our own names


def _studio(unless: str = "false") -> str:
    return f"""
CREATE OR REPLACE TRIGGER library_video_studio_moved
    AFTER UPDATE OF studio_id ON library_video FOR EACH ROW
    WHEN (OLD.studio_id IS DISTINCT FROM NEW.studio_id AND NOT ({unless}))
    EXECUTE FUNCTION library_video_studio_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0007_search")]

    operations = [
        migrations.RunSQL(_links("tag", unless=_BY_HAND), _links("tag")),
        migrations.RunSQL(_links("performer", unless=_BY_HAND), _links("performer")),
        migrations.RunSQL(_studio(_BY_HAND), _studio()),
    ]
