"""Faces of tilted heads: a detector marks their eyes and mouths badly, and well once upright."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]  # (n, 15): box, five landmarks, score

_TILTED = 12.0  # degrees; the detector sees less of a tilt than there is
_PART_PX = 320  # of a side; the face takes half of it
_MOST = 12  # in one image
_LEAST_PX = 20.0  # of a face that is worth another look
_SCORE = 0.7


def upright(
    image: NDArray[np.uint8], rows: Rows, look: Callable[[NDArray[np.uint8]], Rows]
) -> Rows:
    """The faces that were found, those of tilted heads marked anew where they are turned upright.

    ``look`` finds the faces of an image. Boxes and scores stay.
    """
    result, looks = rows.copy(), 0
    for number, row in enumerate(rows):
        roll = _roll(row[4:14].reshape(5, 2))
        if abs(roll) < _TILTED or max(row[2:4]) < _LEAST_PX or looks == _MOST:
            continue
        looks += 1
        matrix = _turned(row, roll)
        part = np.asarray(cv2.warpAffine(image, matrix, (_PART_PX, _PART_PX)), np.uint8)
        found = _in_the_middle(look(part))
        if found is not None:
            back = cv2.invertAffineTransform(matrix)
            result[number, 4:14] = (found @ back[:, :2].T + back[:, 2]).ravel()
    return result


def _roll(points: Rows) -> float:
    """By how many degrees a head leans: the eyes' line, and that from eyes to mouth, say it."""
    across = points[1] - points[0]
    down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
    x, y = float(across[0] + down[1]), float(across[1] - down[0])
    return math.degrees(math.atan2(y, x)) if math.isfinite(x) and math.isfinite(y) else 0.0


def _turned(row: Rows, roll: float) -> NDArray[np.float64]:
    left, top, width, height = (float(value) for value in row[:4])
    middle = left + width / 2, top + height / 2
    matrix = cv2.getRotationMatrix2D(middle, roll, _PART_PX / 2 / max(width, height))
    matrix[:, 2] += _PART_PX / 2 - np.array(middle)
    return np.asarray(matrix, np.float64)


def _in_the_middle(rows: Rows) -> Rows | None:
    """The landmarks (5, 2) of the face that was turned, unless another one, or none, is there."""
    for row in rows:
        away = row[:2] + row[2:4] / 2 - _PART_PX / 2
        if row[14] >= _SCORE and float(np.abs(away).max()) < _PART_PX / 8:
            return np.asarray(row[4:14].reshape(5, 2), np.float32)
    return None
