"""The perceptual hash of a video as Stash and stash-boxes compare it: every bit counts.

25 frames 160 pixels wide are laid out five by five, shrunk to 64 x 64 as Go's nfnt/resize does it
(integer weights, two passes, 8 bits between them), turned into grey and through a cosine
transform; each bit says whether one of the lowest 8 x 8 frequencies is above their median. Any
other resizer gives other bits.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]

COUNT = 25
_SIDE = 5
_SMALL = 64
_LOW = 8


def times_s(duration_us: int) -> list[float]:
    """When the frames are shown; in the order of operations that gives Stash's doubles."""
    duration = math.floor(duration_us / 1_000_000 * 100 + 0.5) / 100
    offset = 0.05 * duration
    step = (0.9 * duration) / COUNT
    return [offset + i * step for i in range(COUNT)]


def montage(frames: Sequence[Pixels]) -> Pixels:
    """25 frames of one size, row by row."""
    rows = [np.hstack(frames[at : at + _SIDE]) for at in range(0, COUNT, _SIDE)]
    return np.vstack(rows)


def phash(rgb: Pixels) -> int:
    """The 64 bits of an 8-bit RGB picture (height, width, 3)."""
    shrunk = _shrink(_shrink(rgb).swapaxes(0, 1)).swapaxes(0, 1).astype(np.float64)
    grey = 0.299 * shrunk[..., 0] + 0.587 * shrunk[..., 1] + 0.114 * shrunk[..., 2]
    low = (_COSINES @ grey @ _COSINES.T).ravel()
    ordered = np.sort(low)
    bits = low > (ordered[31] + ordered[32]) / 2
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _shrink(pixels: Pixels) -> Pixels:
    """To 64 columns, by a triangle as wide as the step, in whole numbers."""
    width = pixels.shape[1]
    scale = width / _SMALL
    taps = 2 * max(math.ceil(scale), 1)
    factor = min(1 / scale, 1.0)
    centres = scale * (np.arange(_SMALL) + 0.5) - 0.5
    starts = centres.astype(np.int64) - taps // 2 + 1  # cut towards zero, as Go's int() does
    columns = starts[:, np.newaxis] + np.arange(taps)
    distance = np.abs((centres[:, np.newaxis] - columns) * factor)
    weights = (np.clip(1 - distance, 0, None) * 256).astype(np.int64)
    wide = pixels[:, np.clip(columns, 0, width - 1)].astype(np.int64)  # rows, 64, taps, 3
    sums = np.einsum("rctk,ct->rck", wide, weights)
    clipped: Pixels = np.clip(sums // weights.sum(axis=1)[:, np.newaxis], 0, 255)
    return clipped


def _cosines() -> NDArray[np.float64]:
    frequencies = np.arange(_LOW)[:, np.newaxis]
    cosines: NDArray[np.float64] = np.cos(
        math.pi / _SMALL * (np.arange(_SMALL) + 0.5) * frequencies
    )
    return cosines


_COSINES = _cosines()
