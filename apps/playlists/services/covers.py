"""The first videos of many playlists at once."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

_FIRST = """
SELECT wanted.id, item.video_id FROM unnest(%s::bigint[]) wanted(id)
CROSS JOIN LATERAL (
    SELECT video_id, position FROM playlists_playlistitem
    WHERE playlist_id = wanted.id ORDER BY position LIMIT %s
) item
ORDER BY wanted.id, item.position
"""


def first_videos(playlist_ids: Sequence[int], *, most: int) -> dict[int, list[int]]:
    """The ids of the first videos of manual playlists, by playlist, in one statement."""
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [list(playlist_ids), most])
        for playlist_id, video_id in cursor.fetchall():
            found[playlist_id].append(video_id)
    return found
