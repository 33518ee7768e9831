"""One decision about a video at a time: whoever keeps, applies or decides holds it first."""

from collections.abc import Collection

from django.db import connection

_LOCK = 0x57A58  # the family of this module's advisory locks


def hold_videos(video_ids: Collection[int]) -> list[int]:
    """Let nobody else keep candidates of the videos, or delete them, until the transaction ends;
    the ids of those that are there, in order.

    Their rows aren't locked against edits: those lock labels first, and would wait for us while we
    wait for them.
    """
    ids = sorted(video_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, (id %% 2147483647)::int)"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked(id, n) ORDER BY n",
            [_LOCK, ids],
        )
        cursor.execute(
            "SELECT id FROM library_video WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE", [ids]
        )
        return [pk for (pk,) in cursor.fetchall()]
