"""Label propagation: each face takes the label that weighs most among those that are like it."""

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.grouping.graph import Edges, faces_of, others_of, weights_of

_TURNS = 20
_BLOCK = 1 << 16  # faces that look at the same moment
_LEAST_BLOCKS = 8  # of few faces too: if all looked at once, two would swap labels for ever
_LABEL_BITS = np.uint64(26)
_WEIGHT_BITS = np.uint64(16)
_LABELS = np.uint64((1 << 26) - 1)


def spread(
    labels: NDArray[np.int64],
    edges: Edges,
    *,
    held: NDArray[np.bool_],
    report: Progress = silent,
) -> None:
    """Change ``labels`` (one a face, from 0 to 2**26) until they rest. Those ``held`` stay.

    ``edges`` are sorted (``graph``); a face hears only of the faces that its own edges name.
    """
    count = len(labels)
    size = max(1, min(_BLOCK, -(-count // _LEAST_BLOCKS)))
    firsts = np.arange(0, count, size)
    bounds = np.searchsorted(edges, np.append(firsts, count).astype(np.uint64) << np.uint64(40))
    for turn in range(_TURNS):
        changed = 0
        for number, first in enumerate(firsts):
            part = edges[bounds[number] : bounds[number + 1]]
            changed += _turn(labels, part, int(first), held)
        report(turn + 1, _TURNS)
        if changed <= count // 20_000:
            return


def _turn(labels: NDArray[np.int64], edges: Edges, first: int, held: NDArray[np.bool_]) -> int:
    """Let the faces of one block look; returns how many took another label."""
    if not len(edges):
        return 0
    local = (faces_of(edges) - first).astype(np.uint64)
    heard = labels[others_of(edges)].astype(np.uint64)
    keys = (((local << _LABEL_BITS) | heard) << _WEIGHT_BITS) | weights_of(edges)
    keys.sort()
    groups = keys >> _WEIGHT_BITS
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    scores = np.add.reduceat(keys & np.uint64(0xFFFF), starts)
    faces = (groups[starts] >> _LABEL_BITS).astype(np.int64)
    offered = groups[starts] & _LABELS
    scores += offered == labels[faces + first].astype(np.uint64)  # of equals, what it has
    ranked = (scores << _LABEL_BITS) | (_LABELS - offered)
    ends = np.flatnonzero(np.append(True, faces[1:] != faces[:-1]))
    best = np.maximum.reduceat(ranked, ends)
    at = faces[ends] + first
    wanted = (_LABELS - (best & _LABELS)).astype(np.int64)
    moves = ~held[at] & (labels[at] != wanted)
    labels[at[moves]] = wanted[moves]
    return int(moves.sum())
