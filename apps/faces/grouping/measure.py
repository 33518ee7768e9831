"""How good a grouping is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BCubed:
    """Means over faces: which part of a face's group is its person, and which part of its person
    is in its group."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def bcubed(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> BCubed:
    """Faces of label -1 are alone, each in a group of its own."""
    if not len(labels):
        return BCubed(1.0, 1.0)
    alone = labels < 0
    found = labels.astype(np.int64, copy=True)
    found[alone] = labels.max() + 1 + np.arange(alone.sum())
    _, groups, group_sizes = np.unique(found, return_inverse=True, return_counts=True)
    _, people, person_sizes = np.unique(truth, return_inverse=True, return_counts=True)
    pairs = groups.astype(np.int64) * len(person_sizes) + people
    cells, shared = np.unique(pairs, return_counts=True)
    squares = shared.astype(np.float64) ** 2
    in_group = group_sizes[cells // len(person_sizes)]
    of_person = person_sizes[cells % len(person_sizes)]
    total = len(labels)
    return BCubed(
        float((squares / in_group).sum() / total), float((squares / of_person).sum() / total)
    )
