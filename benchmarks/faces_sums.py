"""How well likenesses tell one person from two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FARS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


@dataclass(frozen=True, slots=True)
class Verification:
    """``tpr_at`` has for each share of wrongly accepted pairs that can be told from so many
    (ten pairs at least would be accepted) the share of rightly accepted ones, and the level."""

    same: int
    different: int
    auc: float
    best_accuracy: float
    best_threshold: float
    tpr_at: dict[float, tuple[float, float]]


def verification(same: NDArray[np.float32], different: NDArray[np.float32]) -> Verification:
    """Of likenesses of pairs of one person, and of two."""
    if not len(same) or not len(different):
        return Verification(len(same), len(different), 0.0, 0.0, 0.0, {})
    falling = np.sort(different)[::-1]
    tpr_at = {}
    for far in _FARS:
        accepted = int(far * len(falling))
        if accepted >= 10:
            level = float(falling[accepted])  # these and what equals it stay below
            tpr_at[far] = (float((same > level).mean()), level)
    levels = np.unique(same)
    taken = np.searchsorted(np.sort(same), levels, side="left")
    right = 1 - taken / len(same)
    refused = np.searchsorted(falling[::-1], levels, side="left") / len(falling)
    balanced = (right + refused) / 2
    best = int(balanced.argmax())
    below = np.searchsorted(falling[::-1], same, side="left")
    equal = np.searchsorted(falling[::-1], same, side="right") - below
    auc = float((below + equal / 2).mean() / len(falling))
    return Verification(
        len(same), len(different), auc, float(balanced[best]), float(levels[best]), tpr_at
    )


def pairwise_f1(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Of pairs that were put together; what has the label -1 is alone."""
    own = np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)
    together, one = (each[:, None] == each[None, :] for each in (own, truth))
    upper = np.triu(np.ones_like(together), 1)
    both = int((together & one & upper).sum())
    joined, wanted = int((together & upper).sum()), int((one & upper).sum())
    return 2 * both / (joined + wanted) if joined + wanted else 1.0
