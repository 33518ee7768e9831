"""Reading what an engine makes of faces."""

from collections.abc import Collection

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.models import Track, TrackVector

Vectors = NDArray[np.float32]

_AT_ONCE = 10_000


def read(
    tracks: QuerySet[Track] | Collection[int] | None,
    engine: str,
    *,
    report: Progress = silent,
) -> tuple[NDArray[np.int64], Vectors, NDArray[np.float32]]:
    """The ids of tracks (None: all), rising; an engine's vectors of them (n, d), of length 1; and
    their norms. Those of which it has none are left out.

    Streamed: no more than the arrays and 10,000 rows are in memory. ``report`` counts tracks.
    """
    rows = TrackVector.objects.filter(engine=engine)
    if tracks is not None:
        rows = rows.filter(track__in=tracks)
    count = rows.count()
    first = rows.values_list("vector", flat=True).first()
    width = len(bytes(first or b"")) // 2
    ids, norms = np.empty(count, np.int64), np.empty(count, np.float32)
    vectors = np.empty((count, width), np.float32)
    filled = 0
    columns = rows.order_by("track_id").values_list("track_id", "vector", "norm")
    for track, vector, norm in columns.iterator(_AT_ONCE):
        if filled == count:  # more came since they were counted: the next reading has them
            break
        ids[filled], norms[filled] = track, norm
        vectors[filled] = np.frombuffer(vector, "<f2")
        filled += 1
        if filled % _AT_ONCE == 0:
            report(filled, count)
    return ids[:filled], _unit(vectors[:filled]), norms[:filled]


def _unit(vectors: Vectors) -> Vectors:
    """In place, without a second array as large."""
    for first in range(0, len(vectors), _AT_ONCE):
        part = vectors[first : first + _AT_ONCE]
        part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12)
    return vectors
