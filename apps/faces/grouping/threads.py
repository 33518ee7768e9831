"""Threads of our own instead of BLAS's: these wait for one another in every product of matrices, by
spinning, and on a busy machine that takes longer than the product."""

import ctypes
import os
import threading
from functools import cache
from pathlib import Path
from types import TracebackType

import numpy as np

MOST_THREADS = 4


def threads() -> int:
    """How many to work by."""
    return min(MOST_THREADS, len(os.sched_getaffinity(0)))


class _OneThread:
    """The number of threads is the process's: the first to come in sets it, the last out resets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        library = _openblas()
        with self._lock:
            if library is not None and not self._inside:
                self._before = library.scipy_openblas_get_num_threads64_()
                library.scipy_openblas_set_num_threads64_(1)
            self._inside += 1

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        library = _openblas()
        with self._lock:
            self._inside -= 1
            if library is not None and not self._inside:
                library.scipy_openblas_set_num_threads64_(self._before)


# A block in which numpy's BLAS computes in whatever thread asks, in all of the process. Where numpy
# brings no OpenBLAS of its own, nothing changes.
one_blas_thread = _OneThread()


@cache
def _openblas() -> ctypes.CDLL | None:
    folder = Path(np.__file__).parent.with_name("numpy.libs")
    for path in sorted(folder.glob("libscipy_openblas64_*")):
        return ctypes.CDLL(str(path))  # loaded already: the same
    return None
