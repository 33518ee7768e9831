"""Likenesses of some faces to very many."""

import numpy as np

from apps.faces.grouping.threads import one_blas_thread
from apps.faces.services.vectors.reading import Vectors


def products(vectors: Vectors, others: Vectors) -> Vectors:
    """Of faces (m, d) to others (n, d): (m, n)."""
    if len(vectors) > 1:
        with one_blas_thread:
            return vectors @ others.T
    single = np.empty((len(vectors), len(others)), np.float32)
    for vector, row in zip(vectors, single, strict=True):  # to fetch the others takes all the time
        np.einsum("ij,j->i", others, vector, out=row)
    return single
