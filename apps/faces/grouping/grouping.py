"""Faces in, people out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.grouping import joining, linkage
from apps.faces.grouping.constraints import NO_PAIRS, Constraints, Pairs, misplaced
from apps.faces.grouping.graph import (
    MOST_FACES,
    Edges,
    Vectors,
    faces_of,
    neighbours,
    others_of,
)
from apps.faces.grouping.linkage import Groups
from apps.faces.grouping.spread import spread
from apps.faces.grouping.threads import one_blas_thread
from apps.faces.grouping.thresholds import Thresholds

Labels = NDArray[np.int64]

_REPAIRS = 6
_HOST = 3  # faces of a group that small ones may come to


@dataclass(slots=True)
class _Work:
    """Faces by their place in an order that comes from their vectors alone, so that the order in
    which they are given doesn't matter."""

    vectors: Vectors
    order: NDArray[np.int64]
    held: NDArray[np.bool_]
    seeds: NDArray[np.bool_]
    constraints: Constraints
    thresholds: Thresholds
    people: int  # labels 0 to people - 1 are those of settled ones
    report: Progress


def group(
    vectors: Vectors,
    *,
    norms: NDArray[np.float32],
    fixed: Labels,
    thresholds: Thresholds,
    apart_frames: Pairs = NO_PAIRS,
    rejected: Pairs = NO_PAIRS,
    report: Progress = silent,
) -> Labels:
    """For each face the label of its person, or -1 if it is nobody's.

    ``vectors`` (n, d) have the length 1. ``fixed`` is -1, or the label that a face has for good:
    faces of different fixed labels never come together. ``apart_frames`` (m, 2) are pairs of rows
    that are two people, ``rejected`` (m, 2) rows and fixed labels that these never get. Faces of a
    low norm only join others. New labels are above all that are named. The same faces give the same
    groups, in whatever order they come. Raises ValueError for more than 16 million.
    """
    count = len(vectors)
    if count > MOST_FACES:
        raise ValueError(f"{count:,} faces are too many: group at most {MOST_FACES:,}.")
    result = np.full(count, -1, np.int64)
    order = _order(vectors)
    order = order[(norms[order] >= thresholds.join_norm) | (fixed[order] >= 0)]
    if not len(order):
        return result
    places = np.full(count, -1, np.int64)
    places[order] = np.arange(len(order))
    people, own = np.unique(fixed[order], return_inverse=True)
    free = int(people[0] < 0)
    work = _Work(
        vectors, order, held=fixed[order] >= 0,
        seeds=(norms[order] >= thresholds.seed_norm) | (fixed[order] >= 0),
        constraints=_placed(apart_frames, rejected, places, people[free:]),
        thresholds=thresholds, people=len(people) - free, report=report,
    )  # fmt: skip
    with one_blas_thread:
        labels = _labels(work, own.astype(np.int64) - free)
    result[order] = _named(labels, people[free:], rejected)
    return result


def _named(labels: Labels, people: Labels, rejected: Pairs) -> Labels:
    """Labels as they are told: of settled people their own, of new ones what is above all those."""
    first_new = int(max(people.max(initial=-1), rejected[:, 1].max(initial=-1))) + 1
    told = np.where(labels < 0, -1, labels - len(people) + first_new)
    known = (labels >= 0) & (labels < len(people))
    told[known] = people[labels[known]]
    return told


def _order(vectors: Vectors) -> NDArray[np.int64]:
    first = [vectors[:, column] for column in range(min(3, vectors.shape[1]))]
    return np.lexsort(first[::-1])


def _placed(
    apart: Pairs, rejected: Pairs, places: NDArray[np.int64], people: Labels
) -> Constraints:
    pairs = places[apart]
    wrong = np.searchsorted(people, rejected[:, 1])
    known = (wrong < len(people)) & (places[rejected[:, 0]] >= 0)
    known[known] = people[wrong[known]] == rejected[known, 1]
    where = np.stack([places[rejected[:, 0]], wrong], axis=1)
    return Constraints(pairs[(pairs >= 0).all(axis=1)], where[known])


def _labels(work: _Work, own: Labels) -> Labels:
    """Settled people have 0 to ``people`` - 1, new ones what follows, nobody -1."""
    count, report = len(work.order), work.report
    labels = np.where(own >= 0, own, work.people + np.arange(count))
    edges = neighbours(
        work.vectors, work.order, floor=work.thresholds.join, report=_part_of(report, count)
    )
    if not work.seeds.all():
        edges = edges[work.seeds[others_of(edges)]]  # the others don't speak
    spread(labels, edges, held=work.held)
    labels = _repaired(work, labels, edges)
    del edges
    report(count * 3 // 4, count)
    labels = _merged(work, labels)
    report(count, count)
    return labels


def _part_of(report: Progress, count: int) -> Progress:
    """Tells of a first step as of so many faces of all."""

    def tell(done: int, _total: int | None = None, /, **_facts: object) -> None:
        report(done, count)

    return tell


def _repaired(work: _Work, labels: Labels, edges: Edges) -> Labels:
    """Those that break a constraint leave, and find together anew."""
    for _ in range(_REPAIRS):
        labels, groups = _dense(work, labels)
        leaves = _leaving(work, labels, groups)
        if not leaves.any():
            return labels
        labels[leaves] = len(groups.sizes) + np.arange(leaves.sum())
        among = edges[leaves[faces_of(edges)]]
        spread(labels, among[leaves[others_of(among)]], held=~leaves)
    labels, groups = _dense(work, labels)
    leaves = _leaving(work, labels, groups)
    labels[leaves] = len(groups.sizes) + np.arange(leaves.sum())
    return labels


def _leaving(work: _Work, labels: Labels, groups: Groups) -> NDArray[np.bool_]:
    """The less alike they are to their group's middle, the sooner."""
    if not len(work.constraints.apart) and not len(work.constraints.rejected):
        return np.zeros(len(labels), bool)
    asked = np.unique(
        np.concatenate([work.constraints.apart.ravel(), work.constraints.rejected[:, 0]])
    )
    strength, middles = np.zeros(len(labels)), groups.middles
    for first in range(0, len(asked), 1 << 16):
        part = asked[first : first + (1 << 16)]
        taken = work.vectors[work.order[part]]
        strength[part] = np.einsum("ij,ij->i", taken, middles[labels[part]])
    return misplaced(labels, strength, work.constraints, held=work.held)


def _dense(work: _Work, labels: Labels) -> tuple[Labels, Groups]:
    """The same groups with labels without gaps; those of settled people stay as they are."""
    new = labels >= work.people
    _, dense = np.unique(labels[new], return_inverse=True)
    result = labels.copy()
    result[new] = work.people + dense
    count = work.people + (int(dense.max()) + 1 if len(dense) else 0)
    return result, linkage.sum_up(work.vectors, work.order, result, count)


def _merged(work: _Work, labels: Labels) -> Labels:
    """Groups that are one person become one; small ones come to the nearest large one."""
    labels, groups = _dense(work, labels)
    count = len(groups.sizes)
    settled = np.arange(count) < work.people
    seeded = _having(labels, work.seeds, count)
    apart = _apart(work, labels)
    parents = linkage.link(
        groups, merge=work.thresholds.merge, join=work.thresholds.join,
        taking_part=seeded & ((groups.sizes >= work.thresholds.least_merged) | settled),
        settled=settled, apart=apart,
    )  # fmt: skip
    if work.thresholds.lead is not None:
        parents = _paired(work, parents, groups, seeded, apart)
    labels = parents[labels]
    whole = linkage.sum_up(work.vectors, work.order, labels, count)
    apart = np.unique(parents[apart], axis=0)
    large = ((whole.sizes >= _HOST) | settled) & _having(labels, work.seeds, count)
    labels = _joined(work, labels, whole, large, apart)
    alive = _having(labels, work.seeds, count)
    return np.where(alive[labels], labels, -1)


def _paired(
    work: _Work, parents: Labels, groups: Groups, seeded: NDArray[np.bool_], apart: Pairs
) -> Labels:
    """Single faces come to whom they are likely, after what is surer was merged."""
    assert work.thresholds.lead is not None
    count = len(parents)
    sums, sizes = np.zeros_like(groups.sums), np.zeros_like(groups.sizes)
    np.add.at(sums, parents, groups.sums)
    np.add.at(sizes, parents, groups.sizes)
    settled, seeds = np.zeros(count, bool), np.zeros(count, bool)
    settled[parents[: work.people]] = True
    seeds[parents[seeded]] = True
    onward = linkage.pair_up(
        Groups(sums, sizes), likely=work.thresholds.likely, lead=work.thresholds.lead,
        taking_part=seeds, settled=settled, apart=parents[apart],
    )  # fmt: skip
    result: Labels = onward[parents]
    return result


def _having(labels: Labels, chosen: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Which labels a chosen face has."""
    having = np.zeros(count, bool)
    having[labels[chosen]] = True
    return having


def _apart(work: _Work, labels: Labels) -> Pairs:
    """Pairs of groups that are never one."""
    pairs = labels[work.constraints.apart]
    faces, wrong = work.constraints.rejected.T
    both = np.concatenate([pairs, np.stack([labels[faces], wrong], axis=1)])
    kept: Pairs = np.unique(np.sort(both[both[:, 0] != both[:, 1]], axis=1), axis=0)
    return kept


def _joined(
    work: _Work, labels: Labels, groups: Groups, large: NDArray[np.bool_], apart: Pairs
) -> Labels:
    """Small groups go, whole, to the nearest large one that is alike enough."""
    hosts = np.flatnonzero(large)
    guests = np.flatnonzero(~large & (groups.sizes > 0))
    middles = groups.middles
    place = np.full(len(large), -1)
    place[hosts], place[guests] = np.arange(len(hosts)), np.arange(len(guests))
    mixed = np.concatenate([apart, apart[:, ::-1]])
    mixed = mixed[~large[mixed[:, 0]] & large[mixed[:, 1]]]
    barred = place[mixed[:, 0]] * max(1, len(hosts)) + place[mixed[:, 1]]
    found, likeness = joining.nearest(
        middles, guests, middles[hosts], sure=work.thresholds.join,
        likely=min(work.thresholds.merge, work.thresholds.join), barred=np.unique(barred),
    )  # fmt: skip
    within = place[apart[~large[apart].any(axis=1)]]
    leaves = misplaced(found, likeness.astype(np.float64), Constraints(within),
                       held=np.zeros(len(guests), bool))  # fmt: skip
    goes = (found >= 0) & ~leaves
    parents = np.arange(len(large))
    parents[guests[goes]] = hosts[found[goes]]
    return parents[labels]
