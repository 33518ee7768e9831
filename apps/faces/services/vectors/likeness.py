"""How alike faces are to the middles of the identities that they were moved to."""

from collections.abc import Collection

import numpy as np
from django.db import connection, transaction

_AT_ONCE = 10_000
_LACKING = """
SELECT track.id, known.vector, middle.vector
FROM faces_track track
JOIN faces_trackvector known ON known.track_id = track.id AND known.engine = %(engine)s
JOIN faces_identityvector middle ON middle.identity_id = track.identity_id
    AND middle.engine = %(engine)s
WHERE track.id = ANY (%(ids)s) AND track.similarity IS NULL
ORDER BY track.id FOR NO KEY UPDATE OF track
"""
_WRITE = """
UPDATE faces_track track SET similarity = wanted.similarity
FROM unnest(%s::bigint[], %s::float8[]) wanted(id, similarity) WHERE track.id = wanted.id
"""


def write_likeness(track_ids: Collection[int], engine: str) -> None:
    """Fill in what a move by a person left open; faces that have none are left as they are."""
    wanted = sorted(track_ids)
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LACKING, {"ids": some, "engine": engine})
            rows = cursor.fetchall()
            if rows:
                ids, likeness = zip(*((pk, _cosine(*pair)) for pk, *pair in rows), strict=True)
                cursor.execute(_WRITE, [list(ids), list(likeness)])


def _cosine(face: bytes, middle: bytes) -> float:
    one, other = np.frombuffer(face, "<f2").astype(np.float32), np.frombuffer(middle, "<f4")
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / max(length, 1e-12)
