"""What a likeness means: how many strangers one would have to meet until one is as alike.

Likeness is the cosine of two vectors, for all engines. The figures are of pairs of different
people: SFace's of 29.6 million pairs of the 7,701 photographs of LFW's View 2, dlib's of 0.8
million pairs of 1,279 of them. Below those that were counted (0.358, 0.93) stands the normal
distribution that fits them, and the middle of strangers in the benchmark's pictures.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from apps.faces.engines.ways import way

_MOST = 1e12
_LEAST_NORM = 9.0
_SEED_NORM = 10.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """The levels of an engine.

    ``table`` has likenesses and the share of strangers who are as alike, both strictly monotone.
    Faces of one video are one person from ``in_video_similarity`` on (on average), a face is one
    of a video's own cast from ``cast_similarity`` on. A vector shorter than ``join_norm`` tells
    nothing; from ``seed_norm`` on it may begin an identity of its own.
    """

    engine: str
    table: tuple[tuple[float, float], ...]
    in_video_similarity: float
    cast_similarity: float
    join_norm: float = _LEAST_NORM
    seed_norm: float = _SEED_NORM

    def share(self, similarity: float) -> float:
        """The share of strangers who would be as alike, 0 to 1."""
        return 1 / self.one_in(similarity)

    def one_in(self, similarity: float) -> float:
        """One of how many strangers would be as alike: 1 to 10¹²."""
        points = [(likeness, -math.log10(share)) for likeness, share in self.table]
        return float(min(max(10 ** min(_on(points, similarity), 12), 1.0), _MOST))

    def similarity_of(self, one_in: float) -> float:
        """The likeness that only one of so many strangers reaches; at most 1."""
        points = [(-math.log10(share), likeness) for likeness, share in self.table]
        return min(_on(points, math.log10(min(max(one_in, 1.0), _MOST))), 1.0)


def calibration(engine_id: str) -> Calibration:
    """Raises UnknownEngine."""
    embedder = way(engine_id).embedder
    if embedder == "sface":
        return Calibration(engine_id, _SFACE, in_video_similarity=0.42, cast_similarity=0.36)
    return Calibration(engine_id, _DLIB, in_video_similarity=0.94, cast_similarity=0.93)


def _on(points: list[tuple[float, float]], at: float) -> float:
    """The line through points, straight between them and beyond."""
    for (x, y), (next_x, next_y) in pairwise(points):
        if at <= next_x or (next_x, next_y) == points[-1]:
            return y + (at - x) * (next_y - y) / (next_x - x)
    raise AssertionError("a table has two points at least")


_SFACE = (
    (-0.10, 0.98), (0.08, 0.5), (0.16, 0.19), (0.20, 0.093), (0.25, 0.031), (0.29, 1e-2),
    (0.358, 1e-3), (0.415, 1e-4), (0.465, 1e-5), (0.546, 1e-6),
)  # fmt: skip
_DLIB = (
    (0.74, 0.98), (0.82, 0.5), (0.865, 0.1), (0.901, 1e-2),
    (0.93, 7.7e-4), (0.94, 2.0e-4), (0.95, 3.1e-5), (0.96, 4.3e-6),
)  # fmt: skip
