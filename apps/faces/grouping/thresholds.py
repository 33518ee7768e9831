"""How alike faces have to be, by how many there are."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol


class Calibrated(Protocol):
    """What an engine's likenesses mean (``engines.calibration``)."""

    @property
    def join_norm(self) -> float:
        """Below it a face tells nothing."""

    @property
    def seed_norm(self) -> float:
        """From it on a face may begin somebody new."""

    def similarity_of(self, one_in: float) -> float:
        """The likeness that one in so many pairs of strangers reaches."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Likenesses are cosines: from ``join`` on two faces are one person, from ``merge`` on two
    large groups are, by the mean of their faces. From ``likely`` on a single face is one person
    with its nearest, if that leads by ``lead`` (None: never). Groups of fewer than ``least_merged``
    faces aren't merged with their like. Faces whose norm is below ``seed_norm`` start no group, and
    those below ``join_norm`` come into none."""

    join: float
    merge: float
    least_merged: int = 3
    join_norm: float = 0.0
    seed_norm: float = 0.0
    likely: float = 1.0
    lead: float | None = None


# Pairs grow with the square of the faces, and one false link in a large group joins two people:
# (faces, one in so many strangers may link). Measured on LFW and on faces like it.
_JOIN = ((30, 2e4), (300, 1e5), (1_000, 2.5e5), (10_000, 7e5), (100_000, 1.1e6), (1_000_000, 1.3e6))
_MERGE = ((30, 3e3), (300, 1e4), (1_000, 3e4), (100_000, 5e4))
_ALL_MERGE_BELOW = 20_000  # faces; above, single faces would be merged with strangers too often

_LIKELY, _LEAD = 1e3, 0.05 / 0.175  # one in so many strangers; a part of 1e-2 to 1e-5 of them


def for_size(
    faces: int,
    calibration: Calibrated,
    *,
    join: float | None = None,
    merge: float | None = None,
) -> Thresholds:
    """For so many faces; ``join`` and ``merge`` are used instead where they are given."""
    few = faces < _ALL_MERGE_BELOW
    spread = calibration.similarity_of(100_000) - calibration.similarity_of(100)
    return Thresholds(
        join=calibration.similarity_of(_between(_JOIN, faces)) if join is None else join,
        merge=calibration.similarity_of(_between(_MERGE, faces)) if merge is None else merge,
        least_merged=1 if few else 3,
        join_norm=calibration.join_norm,
        seed_norm=calibration.seed_norm,
        likely=calibration.similarity_of(_LIKELY),
        lead=_LEAD * spread if few and join is None else None,
    )


def _between(table: tuple[tuple[int, float], ...], faces: int) -> float:
    """Straight lines between the table's rows, by logarithms."""
    at = math.log(max(faces, 1))
    points = [(math.log(size), math.log(one_in)) for size, one_in in table]
    if at <= points[0][0]:
        return table[0][1]
    for (left, low), (right, high) in pairwise(points):
        if at <= right:
            return math.exp(low + (high - low) * (at - left) / (right - left))
    return table[-1][1]
