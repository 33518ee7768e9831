"""Who is like whom: for each face some others that are as alike as a threshold.

An edge is one number: 24 bits of the face that it belongs to, 16 of how much more alike than the
floor they are, 24 of the other face. So sorting is all that is needed to gather a face's edges, and
a million faces' take 200 MB.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.grouping.threads import threads

Vectors = NDArray[np.float32]
Edges = NDArray[np.uint64]

MOST_FACES = 1 << 24
_FLAT_BELOW = 20_000  # faces: all pairs are compared
_PROBES = 12  # cells that a face is compared with
_HOME, _ABROAD = 6, 2  # edges of a face inside its own cell, and into each other one
_FLAT_EDGES = 32
_BLOCK = 1_024  # faces compared at once
_SEARCHED = 1 << 16  # whose cells are looked for at once
_CELLS_AT_ONCE = 64
_SAMPLE = 40  # faces a cell, from which the cells are learnt
_SHIFT, _COLUMN, _WEIGHT = np.uint64(40), np.uint64((1 << 24) - 1), np.uint64(0xFFFF)
_MIDDLE = np.uint64(24)


def neighbours(
    vectors: Vectors,
    order: NDArray[np.int64],
    *,
    floor: float,
    flat_below: int = _FLAT_BELOW,
    report: Progress = silent,
) -> Edges:
    """Sorted edges between places in ``order``, of faces whose cosine is at least ``floor``.

    ``vectors`` have the length 1. A face in a crowd keeps some of its edges, spread over the crowd.
    Below ``flat_below`` faces all pairs are compared; above, faces in near cells: about one edge in
    20 is missed. The same faces in the same order give the same edges.
    """
    count = len(order)
    if count < flat_below:
        return _flat(vectors, order, floor, report)
    return _by_cells(vectors, order, floor, _cells(vectors, order, report), report)


def faces_of(edges: Edges) -> NDArray[np.int64]:
    return (edges >> _SHIFT).astype(np.int64)


def others_of(edges: Edges) -> NDArray[np.int64]:
    return (edges & _COLUMN).astype(np.int64)


def weights_of(edges: Edges) -> NDArray[np.uint64]:
    """1 to 65,535: from the floor to the same face."""
    return (edges >> _MIDDLE) & _WEIGHT


def _flat(vectors: Vectors, order: NDArray[np.int64], floor: float, report: Progress) -> Edges:
    count, parts = len(order), []
    columns = np.arange(count)
    taken = vectors[order]
    for first in range(0, count, _BLOCK):
        rows = columns[first : first + _BLOCK]
        parts.append(_edges(taken[rows], rows, taken, columns, floor=floor, most=_FLAT_EDGES))
        report(min(count, first + _BLOCK), count)
    edges = np.concatenate(parts) if parts else np.empty(0, np.uint64)
    edges.sort()
    return edges


def _cells(vectors: Vectors, order: NDArray[np.int64], report: Progress) -> NDArray[np.int32]:
    """Each face's cells, the nearest first."""
    import faiss  # 35 MB, which the web process is spared

    count, width = len(order), vectors.shape[1]
    cells = min(4_096, 1 << int(np.log2(4 * np.sqrt(count))))
    step = max(1, count // (cells * _SAMPLE))
    learner = faiss.Kmeans(width, cells, niter=6, seed=1, spherical=True,
                           max_points_per_centroid=_SAMPLE, min_points_per_centroid=1)  # fmt: skip
    learner.train(vectors[order[::step][: cells * _SAMPLE]])
    probes = np.empty((count, _PROBES), np.int32)
    for first in range(0, count, _SEARCHED):
        block = vectors[order[first : first + _SEARCHED]]
        probes[first : first + len(block)] = learner.index.search(block, _PROBES)[1]
        report(first // 4, count)
    return probes


def _by_cells(
    vectors: Vectors,
    order: NDArray[np.int64],
    floor: float,
    probes: NDArray[np.int32],
    report: Progress,
) -> Edges:
    """All that come to a cell are compared with all that live there, by one product of matrices."""
    count, cells = len(order), int(probes.max()) + 1
    room = np.empty(count * 2 * (_HOME + _ABROAD * (_PROBES - 1)), np.uint64)
    filled = done = 0

    def compare(visit: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Edges:
        members, visitors = visit
        home = vectors[order[members]]
        sides = [(members, _HOME), *((part, _ABROAD) for part in _parts(visitors))]
        return np.concatenate([
            _edges(vectors[order[rows]], rows, home, members, floor=floor, most=most)
            for rows, most in sides
        ])  # fmt: skip

    visits = _visits(probes, cells)
    del probes  # 50 MB of a million faces, as below
    with ThreadPoolExecutor(threads()) as crew:
        while some := list(islice(visits, _CELLS_AT_ONCE)):
            for found in crew.map(compare, some):
                kept = found[: len(room) - filled]
                room[filled : filled + len(kept)] = kept
                filled += len(kept)
            done += len(some)
            report(count // 4 + done * (count // 4) // cells, count)
    edges = room[:filled]
    edges.sort()
    return edges


def _visits(
    probes: NDArray[np.int32], cells: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each cell who lives there, and who else comes."""
    wide = probes.shape[1]
    at_home = np.argsort(probes[:, 0], kind="stable").astype(np.int32)
    homes = np.searchsorted(probes[at_home, 0], np.arange(cells + 1))
    abroad = np.argsort(probes[:, 1:].ravel(), kind="stable").astype(np.int32)
    visits = np.searchsorted(probes[:, 1:].ravel()[abroad], np.arange(cells + 1))
    abroad //= wide - 1
    del probes
    for cell in range(cells):
        yield (
            at_home[homes[cell] : homes[cell + 1]].astype(np.int64),
            abroad[visits[cell] : visits[cell + 1]].astype(np.int64),
        )


def _parts(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for first in range(0, len(rows), _BLOCK):
        yield rows[first : first + _BLOCK]


def _edges(
    left: Vectors,
    rows: NDArray[np.int64],
    right: Vectors,
    columns: NDArray[np.int64],
    *,
    floor: float,
    most: int,
) -> Edges:
    """Each row's edges to columns: of more than ``most``, some that lie evenly, about as many."""
    if not len(rows) or not len(columns):
        return np.empty(0, np.uint64)
    likeness = left @ right.T
    alike = likeness >= np.float32(floor)
    counts = np.count_nonzero(alike, axis=1)
    steps = 1 << np.log2(np.maximum(counts / most, 1)).astype(np.int64)
    hits = np.concatenate([_hits(alike, np.flatnonzero(steps == step), step)
                           for step in np.unique(steps).tolist()])  # fmt: skip
    at, to = hits // len(columns), hits % len(columns)
    other = rows[at] != columns[to]
    hits, at, to = hits[other], at[other], to[other]
    over = (likeness.ravel()[hits] - floor) / (1 - floor)
    weights = np.clip(over * 65_535, 1, 65_535).astype(np.uint64)
    near = (weights << _MIDDLE) | columns[to].astype(np.uint64)
    edges: Edges = (rows[at].astype(np.uint64) << _SHIFT) | near
    return edges


def _hits(alike: NDArray[np.bool_], rows: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Where in the flattened matrix the rows have hits, in each ``step``th column."""
    wide = alike.shape[1]
    thinned = alike[:, ::step] if len(rows) == len(alike) else alike[rows, ::step]
    at, to = np.nonzero(thinned)
    hits: NDArray[np.int64] = rows[at] * wide + to * step
    return hits
