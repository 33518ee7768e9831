"""Images made small enough to look for faces in, and what is found brought back to them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engines.protocol import Detection

_MOST_ASPECT = 4  # what is higher than four times its width costs no more than that


def shrink(image: NDArray[np.uint8], *, width_px: int) -> tuple[NDArray[np.uint8], float]:
    """The image at most ``width_px`` wide, and by how much it was made smaller (≤ 1)."""
    height, width = image.shape[:2]
    scale = min(1.0, width_px / width, _MOST_ASPECT * width_px / height)
    if scale == 1.0:
        return image, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def found_in(
    image: NDArray[np.uint8],
    *,
    box: tuple[float, float, float, float],
    landmarks: NDArray[np.float32],
    score: float,
) -> Detection | None:
    """A detection, its box cut to the image; None if nothing of it lies there."""
    height, width = image.shape[:2]
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(float(width), box[0] + box[2]), min(float(height), box[1] + box[3])
    if not np.isfinite(landmarks).all() or right - left < 1 or bottom - top < 1:
        return None
    return Detection((left, top, right - left, bottom - top), landmarks, min(max(score, 0.0), 1.0))
