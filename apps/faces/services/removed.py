"""Identities whose faces went with videos or pictures that were removed: nobody is told of it."""

from django.db import connection, transaction

from apps.faces.services.identities import recount, refresh_middles, take_turn

COUNTED = ("faces_track", "faces_identity")
"""Tables of which one must have been written for there to be such identities."""

_AT_ONCE = 500
_WRONG = """
    SELECT identity.id FROM faces_identity identity
    LEFT JOIN (
        SELECT identity_id, count(*) AS tracks FROM faces_track
        WHERE identity_id IS NOT NULL GROUP BY identity_id
    ) held ON held.identity_id = identity.id
    WHERE identity.track_count <> COALESCE(held.tracks, 0) ORDER BY identity.id
"""


def behind() -> list[int]:
    """Identities that are counted with faces that have gone, or without some: one statement finds
    them, from an index."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG)
        return [pk for (pk,) in cursor.fetchall()]


def follow_removals() -> int:
    """Count them anew, and bring their middles up to the faces that are left; how many there were.

    Some at a time are a transaction.
    """
    ids = behind()
    for at in range(0, len(ids), _AT_ONCE):
        with transaction.atomic():
            take_turn()
            recount(ids[at : at + _AT_ONCE])
            refresh_middles(ids[at : at + _AT_ONCE])
    return len(ids)
