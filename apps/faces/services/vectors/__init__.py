"""Vectors of faces and middles of identities, as arrays."""

from apps.faces.services.vectors.gallery import Gallery, drop, forget, matrix
from apps.faces.services.vectors.likeness import write_likeness
from apps.faces.services.vectors.middles import Middle, write_middles, write_rows
from apps.faces.services.vectors.reading import Vectors, read

__all__ = [
    "Gallery",
    "Middle",
    "Vectors",
    "drop",
    "forget",
    "matrix",
    "read",
    "write_likeness",
    "write_middles",
    "write_rows",
]
