"""The faces that are known: by which everybody else is named. Held in memory, once a process."""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from apps.faces.models import TrackVector
from apps.library.models import Performer

if TYPE_CHECKING:  # pages that name nobody need no arrays
    import numpy as np
    from numpy.typing import NDArray

EXEMPLARS = 10  # of one performer: confirmed faces and pictures, the best ones
_FRESH_S = 60.0  # vectors that were only written anew are seen after so long

# Of somebody named without any such face, whose name a person gave to all faces together, their
# middle stands for them.
_KNOWN = """
WITH chosen AS (
    SELECT identity.performer_id, track.id, row_number() OVER (
        PARTITION BY identity.performer_id ORDER BY track.quality DESC, track.id
    ) AS place
    FROM faces_identity identity JOIN faces_track track ON track.identity_id = identity.id
    WHERE identity.performer_id IS NOT NULL
        AND (track.verdict = 'confirmed' OR (track.image_id IS NOT NULL AND track.verdict = ''))
), faces AS (
    SELECT chosen.performer_id, chosen.id, known.vector, 2 AS bytes
    FROM chosen JOIN faces_trackvector known ON known.track_id = chosen.id
        AND known.engine = %(engine)s AND known.norm >= %(norm)s
    WHERE place <= %(most)s
)
SELECT * FROM faces
UNION ALL
SELECT identity.performer_id, COALESCE(identity.best_id, 0), middle.vector, 4
FROM faces_identity identity JOIN faces_identityvector middle ON middle.identity_id = identity.id
    AND middle.engine = %(engine)s
WHERE identity.performer_id IS NOT NULL AND NOT identity.opted_out
    AND NOT EXISTS (SELECT FROM faces WHERE faces.performer_id = identity.performer_id)
ORDER BY 1, 2
"""
_VERSION = """
SELECT count(*), max(updated_at), sum(track_count), sum(confirmed_count), sum(version),
    sum(performer_id)
FROM faces_identity WHERE performer_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """``vectors`` (n, d) of length 1, in the order of ``performers`` (n); ``tracks`` (n) are the
    faces that they are of. ``starts`` says where each of ``people`` begins."""

    engine: str
    vectors: "NDArray[np.float32]"
    performers: "NDArray[np.int64]"
    tracks: "NDArray[np.int64]"
    people: "NDArray[np.int64]"
    starts: "NDArray[np.int64]"

    @property
    def size(self) -> int:
        return len(self.tracks)


@dataclass(frozen=True, slots=True)
class _Held:
    gallery: Gallery
    version: tuple[Any, ...]
    newest: int | None
    read_at: float


_held: dict[str, _Held] = {}
_lock = threading.Lock()


def gallery(engine: str, *, join_norm: float) -> Gallery:
    """The faces of an engine, read again once somebody was named or confirmed. One small statement
    if nothing has changed."""
    version = (connection.settings_dict["NAME"], join_norm, *_row(_VERSION))
    newest = TrackVector.objects.order_by("-pk").values_list("pk", flat=True).first()
    held = _held.get(engine)
    if held is not None and held.version == version:
        young = time.monotonic() - held.read_at < _FRESH_S
        if held.newest == newest or (young and held.gallery.size):
            return held.gallery
    with _lock:
        found = _read(engine, join_norm)
        _held[engine] = _Held(found, version, newest, time.monotonic())
    return found


def forget() -> None:
    """Let go of what is held: it was wiped."""
    _held.clear()


def _row(sql: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _read(engine: str, join_norm: float) -> Gallery:
    import numpy as np

    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"engine": engine, "norm": join_norm, "most": EXEMPLARS})
        rows = cursor.fetchall()
    kinds = {2: "<f2", 4: "<f4"}
    parts = [np.frombuffer(vector, dtype=kinds[size]) for _, _, vector, size in rows]
    vectors = np.array(parts, dtype=np.float32) if parts else np.zeros((0, 1), np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    performers = np.array([row[0] for row in rows], dtype=np.int64)
    people, starts = np.unique(performers, return_index=True)
    return Gallery(
        engine, vectors / np.maximum(lengths, 1e-12), performers,
        np.array([row[1] for row in rows], dtype=np.int64), people, starts,
    )  # fmt: skip


def names_of(performers: set[int]) -> dict[int, str]:
    """What performers are called. One statement."""
    return {pk: str(row) for pk, row in Performer.objects.in_bulk(performers).items()}
