"""Who a face may be, among the video's own cast and everybody known, and how sure that is.

A score says how many strangers one would have to meet until one is as alike to anybody of those who
were compared: with ten times as many people known, the same likeness is worth a tenth.
"""

from apps.faces.services.naming.asking import candidates
from apps.faces.services.naming.gallery import Gallery, forget, gallery
from apps.faces.services.naming.judging import judge
from apps.faces.services.naming.stored import with_names
from apps.faces.services.naming.weighing import Candidate, Levels

__all__ = [
    "Candidate",
    "Gallery",
    "Levels",
    "candidates",
    "forget",
    "gallery",
    "judge",
    "with_names",
]
