"""The faces that are known: by which everybody else is named. Held in memory, once a process."""

import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from apps.library.models import Performer

if TYPE_CHECKING:  # pages that name nobody need no arrays
    import numpy as np
    from numpy.typing import NDArray

EXEMPLARS = 10  # of one performer: confirmed faces and pictures, the best ones
_FRESH_S = 60.0  # vectors that were only written anew are seen after so long
_TRUSTED_S = 5.0  # what NEWEST doesn't tell of, as removed pictures, who places sees after so long

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
# The faces of somebody who has confirmed ones don't count: more that are only placed teach nothing.
_VERSION = """
SELECT count(*), sum(version), sum(performer_id), sum(confirmed_count),
    sum(track_count) FILTER (WHERE confirmed_count = 0),
    (SELECT count(*) FROM faces_picturefinding)
FROM faces_identity WHERE performer_id IS NOT NULL
"""
NEWEST = """
SELECT (SELECT max(id) FROM faces_facechange), (SELECT max(id) FROM faces_trackvector),
    (SELECT max(found_at) FROM faces_picturefinding)
"""


class Newest(NamedTuple):
    """What NEWEST answers: the last verdict or regrouping, the last vector, and when a performer's
    picture was last looked at."""

    change: int | None
    vector: int | None
    picture: datetime | None


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
    named: int
    version: tuple[Any, ...]
    newest: Newest
    read_at: float
    checked_at: float


_held: dict[str, _Held] = {}
_lock = threading.Lock()


def gallery(engine: str, *, join_norm: float) -> Gallery:
    """The faces of an engine, read again once somebody was named or confirmed. Two small statements
    if nothing has changed."""
    newest = Newest(*_row(NEWEST))
    named, *rest = _row(_VERSION)
    version = (*_key(join_norm), newest.change, newest.picture, named, *rest)
    held, now = _held.get(engine), time.monotonic()
    if held is not None and held.version == version and _is_young(held, newest, now):
        _held[engine] = replace(held, checked_at=now)
        return held.gallery
    with _lock:
        found = _read(engine, join_norm)
        _held[engine] = _Held(found, named, version, newest, now, now)
    return found


def gallery_as_of(newest: Newest, engine: str, *, join_norm: float) -> Gallery:
    """The same for who has asked for NEWEST already: no statement if that is what was read, and
    the rest was looked for within seconds."""
    held, now = _held.get(engine), time.monotonic()
    if (
        held is not None
        and held.version[:4] == (*_key(join_norm), newest.change, newest.picture)
        and now - held.checked_at < _TRUSTED_S
        and _is_young(held, newest, now)
    ):
        return held.gallery
    return gallery(engine, join_norm=join_norm)


def _key(join_norm: float) -> tuple[Any, ...]:
    return connection.settings_dict["NAME"], join_norm


def _is_young(held: _Held, newest: Newest, now: float) -> bool:
    """Somebody is named, but no vector of theirs was there: any that came may be."""
    lacking = not held.gallery.size and held.named
    return held.newest.vector == newest.vector or (now - held.read_at < _FRESH_S and not lacking)


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
    """What performers are called, if they are there. One statement, or none for nobody."""
    return {pk: str(row) for pk, row in Performer.objects.in_bulk(performers).items()}
