"""Where identities are in an engine's space."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from apps.faces.engines import calibration
from apps.faces.models import IdentityVector, TrackVector

_AT_ONCE = 10_000
# Stores the rows of a ``wanted``.
STORE = """
INSERT INTO faces_identityvector (identity_id, engine, vector, length, tracks)
SELECT * FROM wanted
ON CONFLICT (identity_id, engine) DO UPDATE SET vector = excluded.vector, length = excluded.length,
    tracks = excluded.tracks, written = pg_current_xact_id()::text::bigint
"""
# How tight an identity is, is said by the engine in use.
_GIVEN = """
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::float8[], %s::int[])
        wanted(identity, engine, vector, length, tracks)
), tight AS (
    UPDATE faces_identity identity SET tightness = wanted.length
    FROM wanted JOIN faces_facesettings settings ON settings.engine = wanted.engine
    WHERE identity.id = wanted.identity AND identity.tightness IS DISTINCT FROM wanted.length
)"""


@dataclass(frozen=True, slots=True)
class Middle:
    """The mean of so many tracks' vectors: its direction (d) and its length."""

    identity: int
    engine: str
    vector: NDArray[np.float32]
    length: float
    tracks: int


@transaction.atomic
def write_middles(identity_ids: Collection[int], *, engines: Collection[str] | None = None) -> None:
    """Make identities' middles anew from their faces, for all engines or those that are named.

    Faces of which an engine can tell too little don't count. One who has no face has no middle,
    but for those who are not to be found again: theirs is all that is known of them.
    """
    wanted = sorted(identity_ids)
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        rows = TrackVector.objects.filter(track__identity__in=some)
        old = IdentityVector.objects.filter(identity__in=some)
        if engines is not None:
            rows, old = rows.filter(engine__in=engines), old.filter(engine__in=engines)
        written = set()
        coming = _middles(rows)
        while middles := list(islice(coming, _AT_ONCE)):
            write_rows(middles)
            written |= {(each.identity, each.engine) for each in middles}
        known = old.filter(identity__opted_out=False).values_list("pk", "identity", "engine")
        gone = [pk for pk, *whose in known if tuple(whose) not in written]
        if gone:
            IdentityVector.objects.filter(pk__in=gone).delete()


def write_rows(middles: Iterable[Middle]) -> None:
    """Store middles, and how tight their identities are for the engine in use."""
    wanted = sorted(middles, key=lambda each: (each.identity, each.engine))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _GIVEN + STORE,
            [
                [each.identity for each in wanted],
                [str(each.engine) for each in wanted],
                [each.vector.astype("<f4").tobytes() for each in wanted],
                [each.length for each in wanted],
                [each.tracks for each in wanted],
            ],
        )


def _middles(rows: QuerySet[TrackVector]) -> Iterator[Middle]:
    columns = rows.order_by("engine", "track__identity_id").values_list(
        "engine", "track__identity_id", "vector", "norm"
    )
    key: tuple[str, int] | None = None
    total, count = np.zeros(0), 0
    for engine, identity, vector, norm in columns.iterator(_AT_ONCE):
        if norm < calibration(engine).join_norm:
            continue
        if (engine, identity) != key:
            if key is not None:
                yield _middle(*key, total, count)
            key, total, count = (engine, identity), np.zeros(len(vector) // 2), 0
        total += np.frombuffer(vector, "<f2")
        count += 1
    if key is not None:
        yield _middle(*key, total, count)


def _middle(engine: str, identity: int, total: NDArray[np.float64], count: int) -> Middle:
    length = float(np.linalg.norm(total))
    unit = (total / max(length, 1e-12)).astype(np.float32)
    return Middle(identity, engine, unit, min(1.0, length / count), count)
