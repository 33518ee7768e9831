"""What identities are counted by, and which of their faces stands for them."""

from collections.abc import Collection

from django.db import connection, transaction

from apps.core.errors import MediaHubError
from apps.faces.models import Identity, Track


class NotItsFace(MediaHubError):
    """The face belongs to somebody else; nothing was changed."""

    code = "not_its_face"


# A face that a person chose stays the best one as long as it is there.
_RECOUNT = """
UPDATE faces_identity identity
SET track_count = counted.tracks, video_count = counted.videos, confirmed_count = counted.confirmed,
    best_id = CASE WHEN identity.settled AND counted.has_best THEN identity.best_id
        ELSE counted.best END,
    updated_at = now()
FROM (
    SELECT wanted.id, count(track.id) AS tracks, count(DISTINCT track.video_id) AS videos,
        count(*) FILTER (WHERE track.verdict = 'confirmed') AS confirmed,
        (array_agg(track.id ORDER BY track.quality DESC, track.id))[1] AS best,
        COALESCE(bool_or(track.id = owner.best_id), false) AS has_best
    FROM unnest(%s::bigint[]) wanted(id) JOIN faces_identity owner ON owner.id = wanted.id
    LEFT JOIN faces_track track ON track.identity_id = wanted.id
    GROUP BY wanted.id
) counted
WHERE identity.id = counted.id
RETURNING identity.id, identity.track_count
"""


TURN = f"SELECT pg_advisory_xact_lock({0x0FACE5})"


def take_turn() -> None:
    """Wait, until the transaction ends, for whoever else places or moves faces.

    Two that held identities, videos and each other's next step would wait for each other for ever;
    and two who place would begin the same person twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(TURN)


def recount(ids: Collection[int]) -> dict[int, int]:
    """Count faces, videos and confirmed faces of identities anew; their faces by their ids.

    One statement. Whoever may be counted by others at once holds the rows, in the order of ids.
    """
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, [sorted(ids)])
        return dict(cursor.fetchall())


_STANDING = """
WITH RECURSIVE chain(start, id, into_id) AS (
    SELECT id, id, merged_into_id FROM faces_identity WHERE id = ANY (%s)
    UNION SELECT chain.start, next.id, next.merged_into_id
    FROM chain JOIN faces_identity next ON next.id = chain.into_id
)
SELECT start, id FROM chain WHERE into_id IS NULL
"""


def standing_of(ids: Collection[int]) -> dict[int, int]:
    """Whom identities were merged into at last, themselves if they still stand. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [sorted(ids)])
        return dict(cursor.fetchall())


def refresh_middles(ids: Collection[int]) -> None:
    """Where identities are in the space of each engine, after their faces have changed."""
    if ids:
        from apps.faces.services import vectors  # numpy: not in every process

        vectors.write_middles(sorted(ids))


@transaction.atomic
def make_best(identity: Identity, track: Track) -> Identity:
    """Have a face stand for its identity. Raises NotItsFace."""
    take_turn()
    if not Track.objects.filter(pk=track.pk, identity=identity).exists():
        raise NotItsFace(f"That face isn't one of {identity}: choose one of theirs.")
    Identity.objects.filter(pk=identity.pk).update(best=track, settled=True)
    identity.best, identity.settled = track, True
    return identity
