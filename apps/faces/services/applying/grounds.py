"""Which faces stand for a performer in a video."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

# A face stands for who it was confirmed as or, if nobody has spoken of it, for whom the machine is
# sure of: unless its identity is somebody else by a person's word, or nobody who matters.
_GROUNDS = """
SELECT DISTINCT ON (video_id, performer_id) video_id, performer_id, similarity, ground FROM (
    SELECT track.video_id, identity.performer_id, track.similarity, '' AS ground, 0 AS place
    FROM faces_track track JOIN faces_identity identity ON identity.id = track.identity_id
    WHERE track.video_id = ANY (%(videos)s) AND track.verdict = 'confirmed'
        AND identity.performer_id IS NOT NULL
    UNION ALL
    SELECT track.video_id, (track.candidates->0->>'performer_id')::bigint,
        (track.candidates->0->>'similarity')::float, track.candidates->0->>'ground', 1
    FROM faces_track track LEFT JOIN faces_identity identity ON identity.id = track.identity_id
    WHERE track.video_id = ANY (%(videos)s) AND track.verdict = '' AND track.band = 'applied'
        AND (identity.performer_id IS NULL
            OR identity.performer_id = (track.candidates->0->>'performer_id')::bigint)
        AND NOT COALESCE(identity.ignored, false)
) stands JOIN library_performer performer ON performer.id = performer_id
ORDER BY video_id, performer_id, place, similarity DESC NULLS LAST
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The best face for a performer: how alike it is, and among whom that was found (a person
    needs neither)."""

    similarity: float | None
    ground: str


def grounds_of(video_ids: Collection[int]) -> dict[tuple[int, int], Standing]:
    """By video and performer, what stands for them. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_GROUNDS, {"videos": sorted(video_ids)})
        return {
            (video, performer): Standing(similarity, ground)
            for video, performer, similarity, ground in cursor.fetchall()
        }
