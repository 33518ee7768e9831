"""All identities' middles, held by each process that places faces.

What others wrote since is read at each look: rows bear the number of the transaction that wrote
them, and all that ended before the last look were seen then. What the present transaction wrote may
yet be taken back, and is held for nobody else. Rows that were deleted are noticed by whoever locks
what was found (``drop``).
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.faces.services.vectors.reading import Vectors

_SINCE = """
WITH now AS (
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS known,
        COALESCE(pg_current_xact_id_if_assigned()::text::bigint, 0) AS own
)
SELECT now.known, now.own, middle.identity_id, middle.vector, middle.tracks, middle.written
FROM now LEFT JOIN faces_identityvector middle
    ON middle.engine = %s AND middle.written >= %s
"""
_SPARE = 1_024
_FEW = 4


@dataclass(frozen=True, slots=True)
class Gallery:
    """``identities`` (n) and their ``vectors`` (n, d), of length 1; that of one who has gone is 0.
    Identities written by this transaction come last, and once more above if they were known;
    ``stale`` (m) are those places above."""

    identities: NDArray[np.int64]
    vectors: Vectors
    own_identities: NDArray[np.int64]
    own_vectors: Vectors
    stale: NDArray[np.int64]
    faces: int

    def likeness(self, vectors: Vectors) -> Vectors:
        """Of faces (m, d) to all: (m, n + own)."""
        held = _products(vectors, self.vectors)
        held[:, self.stale] = 0
        if not len(self.own_identities):
            return held
        return np.concatenate([held, vectors @ self.own_vectors.T], axis=1)

    @property
    def all_identities(self) -> NDArray[np.int64]:
        return np.concatenate([self.identities, self.own_identities])


@dataclass(slots=True)
class _Held:
    seen: int = 0
    used: int = 0
    faces: int = 0
    identities: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    places: dict[int, int] = field(default_factory=dict)


def _products(vectors: Vectors, others: Vectors) -> Vectors:
    """Of a few without BLAS, whose threads take longer to meet than the work takes."""
    if len(vectors) > _FEW:
        return vectors @ others.T
    return np.stack([np.einsum("ij,j->i", others, vector) for vector in vectors])


_held: dict[tuple[str, str], _Held] = {}
_lock = threading.RLock()


def matrix(engine: str, *, width: int) -> Gallery:
    """An engine's middles of everybody, as they are now. One statement; the first time it reads
    them all."""
    with _lock:
        held = _held.setdefault(_key(engine), _Held())
        with connection.cursor() as cursor:
            cursor.execute(_SINCE, [engine, held.seen])
            rows = cursor.fetchall()
        known, own = rows[0][:2]
        whole = [row[2:] for row in rows if row[2] is not None and len(row[3]) == 4 * width]
        _take(held, [row for row in whole if row[3] != own], width)
        held.seen = known
        mine = [row for row in whole if row[3] == own]
        stale = [held.places[row[0]] for row in mine if row[0] in held.places]
        faces = held.faces + sum(row[2] for row in mine) - int(held.counts[stale].sum())
        return Gallery(
            held.identities[: held.used],
            held.vectors[: held.used],
            np.array([row[0] for row in mine], np.int64),
            _stacked([row[1] for row in mine], width),
            np.array(stale, np.int64),
            faces,
        )


def drop(engine: str, identity_ids: Collection[int]) -> None:
    """Forget identities that are gone."""
    with _lock:
        held = _held.get(_key(engine), _Held())
        for pk in identity_ids:
            if (at := held.places.pop(pk, None)) is not None:
                held.faces -= int(held.counts[at])
                held.vectors[at], held.counts[at] = 0, 0


def forget() -> None:
    """Forget everybody: they were wiped."""
    with _lock:
        _held.clear()


def _key(engine: str) -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), engine


def _take(held: _Held, rows: list[tuple[int, bytes, int, int]], width: int) -> None:
    new = [row for row in rows if row[0] not in held.places]
    if held.used + len(new) > len(held.identities) or held.vectors.shape[1] != width:
        _grow(held, held.used + len(new) + _SPARE + held.used // 8, width)
    for row in new:
        held.places[row[0]] = held.used
        held.identities[held.used] = row[0]
        held.used += 1
    if rows:
        at = np.array([held.places[row[0]] for row in rows], np.int64)
        counts = np.array([row[2] for row in rows], np.int64)
        held.faces += int((counts - held.counts[at]).sum())
        held.vectors[at], held.counts[at] = _stacked([row[1] for row in rows], width), counts


def _grow(held: _Held, room: int, width: int) -> None:
    """Into new arrays: those that were given away stay as they are."""
    identities, counts = np.zeros(room, np.int64), np.zeros(room, np.int64)
    vectors = np.zeros((room, width), np.float32)
    if held.used:
        identities[: held.used] = held.identities[: held.used]
        counts[: held.used] = held.counts[: held.used]
        vectors[: held.used] = held.vectors[: held.used]
    held.identities, held.counts, held.vectors = identities, counts, vectors


def _stacked(vectors: list[bytes], width: int) -> Vectors:
    return np.frombuffer(b"".join(vectors), "<f4").astype(np.float32).reshape(-1, width)
