"""Faces that stand alone, and the group whose middle they are nearest to."""

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.grouping.constraints import contained
from apps.faces.grouping.graph import Vectors

_BLOCK = 1_024
_CHOICES = 4  # groups of which the nearest that is permitted is taken
_MARGIN = 0.1  # strangers' two nearest lie closer: one in 200 of them passes (faces like LFW's)


def nearest(
    vectors: Vectors,
    order: NDArray[np.int64],
    middles: Vectors,
    *,
    sure: float,
    likely: float,
    barred: NDArray[np.int64],
    report: Progress = silent,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each face of ``order`` the nearest of ``middles``, and how alike they are; -1 if none is
    ``sure`` by its likeness, or ``likely`` and far before the next one.

    ``barred`` are pairs that are not permitted, as place * groups + group, sorted.
    """
    count, groups = len(order), len(middles)
    found, likeness = np.full(count, -1), np.zeros(count, np.float32)
    if not groups:
        return found, likeness
    choices = min(_CHOICES, groups)
    for first in range(0, count, _BLOCK):
        block = vectors[order[first : first + _BLOCK]] @ middles.T
        rows = np.flatnonzero(block.max(axis=1) >= likely)
        best = np.argpartition(-block[rows], choices - 1, axis=1)[:, :choices]
        best.sort(axis=1)
        values = np.take_along_axis(block[rows], best, axis=1)
        keys = (rows + first)[:, None] * groups + best
        permitted = np.where(contained(keys, barred), np.float32(-1), values)
        pick = permitted.argmax(axis=1)
        at = np.arange(len(rows))
        value = permitted[at, pick]
        values[at, pick] = -1
        ahead = value - values.max(axis=1, initial=-1)
        fits = (value >= sure) | ((value >= likely) & (ahead >= _MARGIN))
        found[first + rows[fits]] = best[at, pick][fits]
        likeness[first + rows[fits]] = value[fits]
        report(min(count, first + _BLOCK), count)
    return found, likeness
