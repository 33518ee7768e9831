"""All identities' middles, held by each process that places faces.

What others wrote since is read at each look: rows bear the number of the transaction that wrote
them, and all that ended before the last look were seen then. What the present transaction wrote may
yet be taken back, and is held for nobody else. Rows that were deleted are noticed by whoever locks
what was found (``drop``).
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.faces.services.vectors.middles import Middle
from apps.faces.services.vectors.products import products
from apps.faces.services.vectors.reading import Vectors

Row = tuple[int, int, int | None, bytes, float, int, int]

SINCE = """
WITH now AS (
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS known,
        COALESCE(pg_current_xact_id_if_assigned()::text::bigint, 0) AS own
)
SELECT now.known, now.own, middle.identity_id, middle.vector, middle.length, middle.tracks,
    middle.written
FROM now LEFT JOIN faces_identityvector middle
    ON middle.engine = %(engine)s AND middle.written >= %(seen)s
"""
_SPARE = 1_024


@dataclass(frozen=True, slots=True)
class Gallery:
    """``identities`` (n) and their ``vectors`` (n, d), of length 1; that of one who has gone is 0.
    ``own`` are those that this transaction wrote; they come last, and once more above if they were
    known: ``stale`` (m) are those places above."""

    engine: str
    identities: NDArray[np.int64]
    vectors: Vectors
    own: list[Middle]
    stale: NDArray[np.int64]
    faces: int
    held: "_Held"

    def likeness(self, vectors: Vectors) -> Vectors:
        """Of faces (m, d) to all: (m, n + own)."""
        held = products(vectors, self.vectors)
        held[:, self.stale] = 0
        if not self.own:
            return held
        own = np.stack([each.vector for each in self.own])
        return np.concatenate([held, vectors @ own.T], axis=1)

    @property
    def all_identities(self) -> NDArray[np.int64]:
        if not self.own:
            return self.identities
        return np.append(self.identities, [each.identity for each in self.own])

    def middle(self, identity: int) -> Middle | None:
        """Of one; None of who is not there."""
        for each in self.own:
            if each.identity == identity:
                return each
        at = self.held.places.get(identity)
        if at is None:
            return None
        length, tracks = float(self.held.lengths[at]), int(self.held.counts[at])
        return Middle(identity, self.engine, self.held.vectors[at].copy(), length, tracks)


@dataclass(frozen=True, slots=True)
class Seen:
    """How far this process has read an engine's middles: what SINCE takes, and ``catch_up``."""

    engine: str
    seen: int
    turn: int


@dataclass(slots=True)
class _Held:
    turn: int = 0  # how often something was taken in
    seen: int = 0
    used: int = 0
    faces: int = 0
    identities: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    lengths: NDArray[np.float64] = field(default_factory=lambda: np.empty(0, np.float64))
    places: dict[int, int] = field(default_factory=dict)


_held: dict[tuple[str, str], _Held] = {}
_lock = threading.RLock()


def matrix(engine: str, *, width: int) -> Gallery:
    """An engine's middles of everybody, as they are now. One statement; the first time it reads
    them all."""
    with _lock:
        held = _held.setdefault(_key(engine), _Held())
        with connection.cursor() as cursor:
            cursor.execute(SINCE, {"engine": engine, "seen": held.seen})
            return _taken(held, engine, cursor.fetchall(), width)


def seen_of(engine: str) -> Seen:
    """For who asks for SINCE along with something else."""
    with _lock:
        held = _held.setdefault(_key(engine), _Held())
        return Seen(engine, held.seen, held.turn)


def catch_up(seen: Seen, rows: Sequence[Row], *, width: int) -> Gallery:
    """As ``matrix``, by what SINCE answered. If others took in more meanwhile, it is asked anew:
    what is older must not go over what is newer."""
    with _lock:
        held = _held.setdefault(_key(seen.engine), _Held())
        if held.turn != seen.turn:
            return matrix(seen.engine, width=width)
        return _taken(held, seen.engine, rows, width)


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


def _taken(held: _Held, engine: str, rows: Sequence[Row], width: int) -> Gallery:
    known, own = rows[0][:2]
    whole = [row for row in rows if row[2] is not None and len(row[3]) == 4 * width]
    _take(held, [row for row in whole if row[6] != own], width)
    held.seen = known
    held.turn += 1
    mine = [
        Middle(row[2] or 0, engine, _stacked([row[3]], width)[0], row[4], row[5])
        for row in whole if row[6] == own
    ]  # fmt: skip
    places = [held.places[each.identity] for each in mine if each.identity in held.places]
    stale = np.array(places, np.int64)
    faces = held.faces + sum(each.tracks for each in mine) - int(held.counts[stale].sum())
    used = slice(held.used)
    return Gallery(engine, held.identities[used], held.vectors[used], mine, stale, faces, held)


def _take(held: _Held, rows: Sequence[Row], width: int) -> None:
    new = [row[2] or 0 for row in rows if row[2] not in held.places]
    if held.used + len(new) > len(held.identities) or held.vectors.shape[1] != width:
        _grow(held, held.used + len(new) + _SPARE + held.used // 8, width)
    for identity in new:
        held.places[identity] = held.used
        held.identities[held.used] = identity
        held.used += 1
    if rows:
        at = np.array([held.places[row[2] or 0] for row in rows], np.int64)
        counts = np.array([row[5] for row in rows], np.int64)
        held.faces += int((counts - held.counts[at]).sum())
        held.vectors[at], held.counts[at] = _stacked([row[3] for row in rows], width), counts
        held.lengths[at] = [row[4] for row in rows]


def _grow(held: _Held, room: int, width: int) -> None:
    """Into new arrays: those that were given away stay as they are."""
    identities, counts = np.zeros(room, np.int64), np.zeros(room, np.int64)
    vectors, lengths = np.zeros((room, width), np.float32), np.zeros(room, np.float64)
    if held.used:
        identities[: held.used] = held.identities[: held.used]
        counts[: held.used] = held.counts[: held.used]
        lengths[: held.used] = held.lengths[: held.used]
        vectors[: held.used] = held.vectors[: held.used]
    held.identities, held.counts, held.lengths, held.vectors = identities, counts, lengths, vectors


def _stacked(vectors: list[bytes], width: int) -> Vectors:
    return np.frombuffer(b"".join(vectors), "<f4").astype(np.float32).reshape(-1, width)
