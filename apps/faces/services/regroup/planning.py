"""What a regrouping changes: groups become identities, as steady as can be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.grouping import Thresholds, group
from apps.faces.grouping.constraints import Constraints, misplaced
from apps.faces.grouping.graph import Vectors
from apps.faces.grouping.linkage import sum_up
from apps.faces.services.regroup.reading import NOBODY, Faces, Numbers

_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """For each face whose it is by the grouping alone, and whose it becomes: an identity, NOBODY,
    or below that a new one (-2 - k for the ``k``th)."""

    grouped: Numbers
    becomes: Numbers


def plan_faces(faces: Faces, thresholds: Thresholds, *, report: Progress = silent) -> Wanted:
    """Faces go to their groups' identities, but for those of which, or of whose identity, a person
    has spoken. ``report`` counts faces."""
    fixed = _fixed(faces)
    labels = group(
        faces.vectors, norms=faces.norms, fixed=fixed, thresholds=thresholds,
        apart_frames=faces.moments, rejected=faces.rejected, report=report,
    )  # fmt: skip
    grouped = _identities(labels, fixed, faces)
    return Wanted(grouped, _permitted(faces, grouped))


def _fixed(faces: Faces) -> Numbers:
    """Confirmed faces and pictures stand for whom they are; of settled ones who have neither, the
    face nearest to the middle does."""
    fixed = np.where(faces.firm, faces.identities, NOBODY)
    loose = np.flatnonzero(faces.in_settled & ~np.isin(faces.identities, fixed[faces.firm]))
    if not len(loose):
        return fixed
    _, whose = np.unique(faces.identities[loose], return_inverse=True)
    near = _nearness(faces.vectors, loose, whose)
    order = np.lexsort((loose, -near, whose))
    first = order[np.flatnonzero(np.append(True, np.diff(whose[order]) > 0))]
    fixed[loose[first]] = faces.identities[loose[first]]
    return fixed


def _nearness(vectors: Vectors, rows: Numbers, whose: Numbers) -> NDArray[np.float32]:
    """Of rows to the sums of those who are the same."""
    labels = np.full(len(vectors), -1)
    labels[rows] = whose
    sums = sum_up(vectors, np.arange(len(vectors)), labels, int(whose.max()) + 1).sums
    near = np.empty(len(rows), np.float32)
    for first in range(0, len(rows), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        near[some] = np.einsum("ij,ij->i", vectors[rows[some]], sums[whose[some]])
    return near


def _identities(labels: Numbers, fixed: Numbers, faces: Faces) -> Numbers:
    """Labels as identities. A new group is the unsettled identity that has most of its faces, if
    that has no more in another; else it is somebody new."""
    grouped = np.where(np.isin(labels, fixed[fixed >= 0]), labels, NOBODY)
    new = np.flatnonzero((labels >= 0) & (grouped == NOBODY))
    names, local = np.unique(labels[new], return_inverse=True)
    given = np.full(len(names), NOBODY)
    here = faces.identities[new]
    was = (here != NOBODY) & ~faces.in_settled[new]
    if was.any():
        people, person = np.unique(here[was], return_inverse=True)
        cells, shared = np.unique(local[was] * len(people) + person, return_counts=True)
        taken = np.zeros(len(people), bool)
        for cell in cells[np.lexsort((cells, -shared))].tolist():
            label, who = divmod(cell, len(people))
            if given[label] == NOBODY and not taken[who]:
                given[label], taken[who] = people[who], True
    fresh = np.flatnonzero(given == NOBODY)
    firsts = np.full(len(names), len(labels))
    np.minimum.at(firsts, local, new)
    given[fresh[np.argsort(firsts[fresh])]] = -2 - np.arange(len(fresh))
    grouped[new] = given[local]
    return grouped


def _permitted(faces: Faces, grouped: Numbers) -> Numbers:
    """Faces that wait may come to anybody; others move between those of whom nobody has spoken."""
    waiting = faces.identities == NOBODY
    to_settled = np.isin(grouped, faces.settled)
    moves = (waiting | (~faces.in_settled & ~to_settled)) & ~faces.firm
    becomes = np.where(moves, grouped, faces.identities)
    moving = becomes != faces.identities
    for back in (faces.identities, np.full(len(becomes), NOBODY)):
        labels = _as_labels(becomes)
        known = np.isin(faces.rejected[:, 1], becomes)
        wrong = faces.rejected[known].copy()
        wrong[:, 1] = _as_labels(np.append(becomes, wrong[:, 1]))[len(becomes) :]
        leaves = misplaced(
            labels, faces.norms.astype(np.float64), Constraints(faces.moments, wrong), held=~moving
        )
        if not leaves.any():
            break
        becomes = np.where(leaves, back, becomes)
    return _closed(becomes)


def _as_labels(identities: Numbers) -> Numbers:
    """Identities as numbers from 0, in their order; NOBODY as -1."""
    names, labels = np.unique(identities, return_inverse=True)
    result: Numbers = np.where(identities == NOBODY, -1, labels)
    return result if len(names) else identities


def _closed(becomes: Numbers) -> Numbers:
    """New ones of whom faces are left are counted from -2 without gaps."""
    new = becomes < NOBODY
    names, local = np.unique(-becomes[new], return_inverse=True)
    closed = becomes.copy()
    closed[new] = -2 - local
    return closed if len(names) else becomes


def changed(faces: Faces, wanted: Wanted) -> NDArray[np.int64]:
    """The places of faces that go elsewhere."""
    return np.flatnonzero(faces.identities != wanted.becomes)
