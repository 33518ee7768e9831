"""Which faces are one person: sums on arrays, without a database.

``group`` is label propagation over a graph of near neighbours, then average linkage of what came
out. What people said, and that one is not twice in a picture, holds of whatever it returns.
"""

from apps.faces.grouping.grouping import group
from apps.faces.grouping.measure import BCubed, bcubed
from apps.faces.grouping.thresholds import Thresholds, for_size

__all__ = ["BCubed", "Thresholds", "bcubed", "for_size", "group"]
