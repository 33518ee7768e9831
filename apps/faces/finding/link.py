"""Which faces of a video are one person's: average linkage, never two of one frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BLOCK = 1_500  # faces at once: the table of their likenesses has the square of it
_LITTLE = 6.0  # a norm that tells nothing: what a face weighs is how far its own is above it


@dataclass(frozen=True, slots=True)
class _Groups:
    """Faces that were joined so far: their members, the mean of their vectors of length 1, and the
    frames that they are in. The likeness of two means is the mean likeness of their members."""

    members: list[list[int]]
    means: Floats
    frames: list[frozenset[int]]


def link(
    vectors: Floats, frames: Sequence[Iterable[int]], *, similarity: float, block: int = _BLOCK
) -> list[list[int]]:
    """The faces' indexes, by person; each rising, and in the order of their first.

    ``vectors`` is (n, d), ``frames`` says in which frames each face is seen. Two groups become one
    while the mean cosine of their faces is at least ``similarity`` and no frame has both. Many
    faces are linked in blocks first, then what came of those.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    groups = _Groups(
        [[one] for one in range(len(frames))], unit, [frozenset(each) for each in frames]
    )
    while len(groups.members) > block:
        parts = [
            _link(_some(groups, at, at + block), similarity)
            for at in range(0, len(groups.members), block)
        ]
        joined = _together(parts)
        if len(joined.members) > 0.9 * len(groups.members):
            block *= 2  # mostly strangers: blocks as small join no more of them
        groups = joined
    members = [sorted(group) for group in _link(groups, similarity).members]
    return sorted(members, key=lambda group: group[0])


def _some(groups: _Groups, first: int, end: int) -> _Groups:
    part = slice(first, end)
    return _Groups(groups.members[part], groups.means[part], groups.frames[part])


def _together(parts: Sequence[_Groups]) -> _Groups:
    return _Groups(
        [members for part in parts for members in part.members],
        np.concatenate([part.means for part in parts]),
        [frames for part in parts for frames in part.frames],
    )


def _link(groups: _Groups, similarity: float) -> _Groups:
    count = len(groups.members)
    if count < 2:
        return groups
    members, means = [list(one) for one in groups.members], groups.means.copy()
    frames = list(groups.frames)
    alike = _likenesses(groups)
    nearest = alike.argmax(axis=1)
    best = alike[np.arange(count), nearest]
    while (one := int(best.argmax())) >= 0 and best[one] >= similarity:
        other = int(nearest[one])
        shares = np.array([len(members[one]), len(members[other])], dtype=np.float32)
        shares /= shares.sum()
        # apart stays apart: what is -inf to either is -inf to both
        row = shares[0] * alike[one] + shares[1] * alike[other]
        row[[one, other]] = -np.inf
        alike[one], alike[:, one] = row, row
        alike[other], alike[:, other] = -np.inf, -np.inf
        means[one] = shares[0] * means[one] + shares[1] * means[other]
        members[one] += members[other]
        frames[one] |= frames[other]
        members[other] = []
        touched = np.flatnonzero((nearest == one) | (nearest == other) | (row > best))
        touched = np.append(touched, [one, other])
        nearest[touched] = alike[touched].argmax(axis=1)
        best[touched] = alike[touched, nearest[touched]]
    left = [index for index in range(count) if members[index]]
    return _Groups([members[i] for i in left], means[left], [frames[i] for i in left])


def _likenesses(groups: _Groups) -> Floats:
    """Of each two groups; -inf where they share a frame."""
    alike: Floats = (groups.means @ groups.means.T).astype(np.float32)
    in_frame: dict[int, list[int]] = {}
    for index, frames in enumerate(groups.frames):
        for frame in frames:
            in_frame.setdefault(frame, []).append(index)
    for together in in_frame.values():
        alike[np.ix_(together, together)] = -np.inf
    np.fill_diagonal(alike, -np.inf)
    return alike


def weight(norm: float) -> float:
    """What a face counts for in the middle of a track's."""
    return max(norm - _LITTLE, 0.1)


def middle(vectors: Floats, weights: NDArray[np.float64]) -> Floats:
    """Their mean by weight, each of length 1 before; of length 1 itself."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    mean = (weights[:, None] * (vectors / lengths)).sum(axis=0)
    found: Floats = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return found
