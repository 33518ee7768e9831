"""Vectors of faces and middles of identities, as arrays."""

from apps.faces.services.vectors.gallery import (
    SINCE,
    Gallery,
    catch_up,
    drop,
    forget,
    matrix,
    seen_of,
)
from apps.faces.services.vectors.likeness import write_likeness
from apps.faces.services.vectors.middles import STORE, Middle, write_middles, write_rows
from apps.faces.services.vectors.products import products
from apps.faces.services.vectors.reading import Vectors, read

__all__ = [
    "SINCE",
    "STORE",
    "Gallery",
    "Middle",
    "Vectors",
    "catch_up",
    "drop",
    "forget",
    "matrix",
    "products",
    "read",
    "seen_of",
    "write_likeness",
    "write_middles",
    "write_rows",
]
