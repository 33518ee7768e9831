"""Average linkage of groups: the two that are most alike become one, until none are alike enough.

The mean likeness of two groups' faces is the product of their sums, divided by both sizes: no pair
of faces is looked at. Groups that are one another's best partner are merged all at once, which
comes to the same as one by one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.grouping.constraints import Pairs, contained, pair_keys
from apps.faces.grouping.graph import Vectors, faces_of, neighbours, others_of

_ROUNDS = 60
_BLOCK = 1 << 16
_ROWS = 1_024


@dataclass(frozen=True, slots=True)
class Groups:
    """Sums of the groups' unit vectors, and how many each has."""

    sums: Vectors
    sizes: NDArray[np.int64]

    @property
    def middles(self) -> Vectors:
        """Of length 1; of an empty group 0."""
        lengths = np.linalg.norm(self.sums, axis=1, keepdims=True)
        return (self.sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def sum_up(
    vectors: Vectors, order: NDArray[np.int64], labels: NDArray[np.int64], count: int
) -> Groups:
    """Of labels 0 to ``count`` - 1; faces with a label below 0 are left out."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    for first in range(0, len(order), _BLOCK):
        part = labels[first : first + _BLOCK]
        by_label = np.argsort(part, kind="stable")
        by_label = by_label[np.searchsorted(part[by_label], 0) :]
        if not len(by_label):
            continue
        groups = part[by_label]
        starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
        taken = vectors[order[first : first + _BLOCK][by_label]]
        sums[groups[starts]] += np.add.reduceat(taken, starts, axis=0)
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    return Groups(sums, sizes.astype(np.int64))


def link(
    groups: Groups,
    *,
    merge: float,
    join: float,
    taking_part: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    apart: Pairs,
    report: Progress = silent,
) -> NDArray[np.int64]:
    """For each group the number of the one that it is part of at the end.

    Large groups are merged from a mean likeness of ``merge`` on. The fewer faces the smaller of two
    has, the more its mean is chance: a single one needs ``join``.
    Only groups ``taking_part`` are merged, and never two that are ``settled`` or ``apart``, nor
    what these have become part of.
    """
    count = len(groups.sizes)
    parents = np.arange(count)
    chosen = np.flatnonzero(taking_part)
    sums, sizes = groups.sums.astype(np.float64), groups.sizes.copy()
    settled = settled.copy()
    edges = neighbours(groups.middles, chosen, floor=min(merge, join))
    pairs = np.stack([chosen[faces_of(edges)], chosen[others_of(edges)]], axis=1)
    for turn in range(_ROUNDS):
        keys, one, other = _free(pairs, apart, settled)
        mean = np.einsum("ij,ij->i", sums[one], sums[other]) / (sizes[one] * sizes[other])
        smaller = np.minimum(sizes[one], sizes[other])
        enough = mean >= merge + max(0.0, join - merge) / smaller
        one, other = _mutual(one[enough], other[enough], mean[enough], count)
        if not len(one):
            break
        parents[other] = one
        sums[one] += sums[other]
        sizes[one] += sizes[other]
        settled[one] |= settled[other]
        pairs = _followed(np.stack(np.divmod(keys, count), axis=1), parents)
        apart = _followed(apart, parents)
        report(turn + 1, _ROUNDS)
    return _roots(parents)


def pair_up(
    groups: Groups,
    *,
    likely: float,
    lead: float,
    taking_part: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    apart: Pairs,
) -> NDArray[np.int64]:
    """For each group the one that it is part of, once single faces have come to whom they are
    ``likely`` by the mean, if each is the other's nearest, by a ``lead`` before all others.

    Of two faces of one person the one likeness that there is may be low by chance; that strangers
    are one another's nearest by far is rarer. All are compared with all, so let there be few.
    """
    parents = np.arange(len(groups.sizes))
    chosen = np.flatnonzero(taking_part & (groups.sizes > 0))
    if len(chosen) < 2:
        return parents
    nearest, mean, ahead = _nearest(groups, chosen)
    rows = np.arange(len(chosen))
    mutual = (nearest[nearest] == rows) & (nearest > rows) & (mean >= likely)
    mutual &= np.minimum(ahead, ahead[nearest]) >= lead
    one, other = chosen[rows[mutual]], chosen[nearest[mutual]]
    keys = pair_keys(np.stack([one, other], axis=1), len(parents))
    keys = keys[~contained(keys, pair_keys(apart, len(parents)))]
    one, other = np.divmod(keys, len(parents))
    may = np.minimum(groups.sizes[one], groups.sizes[other]) == 1
    may &= ~(settled[one] & settled[other])
    parents[other[may]] = one[may]
    return parents


def _nearest(
    groups: Groups, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Of each chosen group the place of the one with the highest mean likeness, that mean, and by
    how much it is ahead of the next one's."""
    means = groups.sums[chosen] / groups.sizes[chosen, None].astype(np.float32)
    nearest = np.empty(len(chosen), np.int64)
    best, ahead = np.empty(len(chosen), np.float32), np.empty(len(chosen), np.float32)
    for first in range(0, len(chosen), _ROWS):
        rows = slice(first, first + _ROWS)
        block = means[rows] @ means.T
        at = np.arange(len(block))
        block[at, at + first] = -1
        nearest[rows] = block.argmax(axis=1)
        best[rows] = block[at, nearest[rows]]
        block[at, nearest[rows]] = -1
        ahead[rows] = best[rows] - block.max(axis=1)
    return nearest, best, ahead


def _free(
    pairs: Pairs, apart: Pairs, settled: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The keys of pairs that aren't apart, and those of them that aren't both settled."""
    keys = pair_keys(pairs, len(settled))
    keys = keys[~contained(keys, pair_keys(apart, len(settled)))]
    one, other = np.divmod(keys, len(settled))
    free = ~(settled[one] & settled[other])
    return keys, one[free], other[free]


def _mutual(
    one: NDArray[np.int64], other: NDArray[np.int64], mean: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of which each is the other's best partner (of equals, the earlier pair is)."""
    worst_first = np.lexsort((-other, -one, mean))
    best = np.full(count, -1)
    best[one[worst_first]] = worst_first  # the last to be written is the best
    by_other = np.full(count, -1)
    by_other[other[worst_first]] = worst_first
    place = np.empty(len(one), np.int64)
    place[worst_first] = np.arange(len(one))
    ranked = np.append(place, -1)
    top = np.maximum(ranked[best], ranked[by_other])
    winners = np.flatnonzero((top[one] == place) & (top[other] == place))
    return one[winners], other[winners]


def _followed(pairs: Pairs, parents: NDArray[np.int64]) -> Pairs:
    moved = parents[pairs]
    kept: Pairs = moved[moved[:, 0] != moved[:, 1]]
    return kept


def _roots(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    while True:
        above = parents[parents]
        if (above == parents).all():
            return parents
        parents = above
