"""What no grouping may do: put two faces of one moment together, or a face where a person said that
it does not belong."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.int64]

NO_PAIRS: Pairs = np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Constraints:
    """Pairs of places of faces that are two people, and pairs of a place and a label that the face
    never gets."""

    apart: Pairs = field(default_factory=NO_PAIRS.copy)
    rejected: Pairs = field(default_factory=NO_PAIRS.copy)


def misplaced(
    labels: NDArray[np.int64],
    strength: NDArray[np.float64],
    constraints: Constraints,
    *,
    held: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which faces have to leave their labels, so that every constraint holds of those that stay.

    Of two that may not be together the stronger stays (of equals the earlier); those that are
    ``held`` always do. Labels below 0 are no labels. No more leave than must: a face beaten only by
    faces that leave themselves stays.
    """
    leaves = np.zeros(len(labels), bool)
    faces, wrong = constraints.rejected.T
    leaves[faces[labels[faces] == wrong]] = True
    leaves &= ~held
    one, other = constraints.apart.T
    clash = (labels[one] == labels[other]) & (labels[one] >= 0) & ~leaves[one] & ~leaves[other]
    pairs = np.unique(np.sort(constraints.apart[clash], axis=1), axis=0)
    rank = _ranks(strength, held)
    swap = rank[pairs[:, 0]] > rank[pairs[:, 1]]
    pairs[swap] = pairs[swap][:, ::-1]  # the stronger first
    while len(pairs):
        beaten = np.zeros(len(labels), bool)
        beaten[pairs[:, 1]] = True
        firm = ~beaten[pairs[:, 0]]
        leaves[pairs[firm, 1]] = True
        pairs = pairs[~leaves[pairs[:, 0]] & ~leaves[pairs[:, 1]]]
    return leaves & ~held


def _ranks(strength: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """0 for the strongest."""
    order = np.lexsort((np.arange(len(strength)), -strength, ~held))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def pair_keys(pairs: Pairs, most: int) -> NDArray[np.int64]:
    """Each unordered pair of numbers below ``most`` as one number, sorted, none twice."""
    if not len(pairs):
        return np.empty(0, np.int64)
    return np.unique(pairs.min(axis=1) * most + pairs.max(axis=1))


def contained(keys: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ``keys`` are ``among`` some that are sorted."""
    if not len(among):
        return np.zeros(keys.shape, bool)
    at = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    found: NDArray[np.bool_] = among[at] == keys
    return found
