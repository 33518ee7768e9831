"""Keeps the number of videos in a playlist, whoever adds and deletes: one statement, one update."""

from django.db import migrations

_FORWARDS = """
CREATE FUNCTION playlists_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE playlists_playlist SET video_count = GREATEST(0, video_count + changed.number)
    FROM (SELECT playlist_id, count(*) * (CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END) AS number
          FROM changed_rows GROUP BY playlist_id) changed
    WHERE id = changed.playlist_id;
    RETURN NULL;
END $$;

CREATE TRIGGER playlists_count_added AFTER INSERT ON playlists_playlistitem
REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION playlists_count();

CREATE TRIGGER playlists_count_removed AFTER DELETE ON playlists_playlistitem
REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION playlists_count();
"""
_BACKWARDS = """
DROP TRIGGER playlists_count_added ON playlists_playlistitem;
DROP TRIGGER playlists_count_removed ON playlists_playlistitem;
DROP FUNCTION playlists_count;
"""


class Migration(migrations.Migration):
    dependencies = [("playlists", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARDS, _BACKWARDS)]
