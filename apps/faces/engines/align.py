"""Faces turned and scaled alike, as the models were taught with them, and kept small.

The eyes, nose and mouth come to the places of ArcFace's template, which SFace was trained on, in
the middle 112 pixels of a square of 160: the margin is what dlib's own, wider chip needs.
"""

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.core.errors import MediaHubError

SIZE_PX = 160
INNER_PX = 112
MARGIN_PX = (SIZE_PX - INNER_PX) // 2
# The left eye, right eye, nose, and corners of the mouth in the inner square, as in InsightFace's
# arcface_dst (left and right as one looks at the picture).
TEMPLATE: NDArray[np.float64] = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655),
     (70.7299, 92.2041)],
)  # fmt: skip
_QUALITY = 90
_MOST_BYTES = 100_000
_MOST_REACH = 32_000  # pixels; OpenCV counts them in 16 bits here


class ImageUnusable(MediaHubError):
    """What should be a picture is none, or is of another size than it must be."""

    code = "face_image_unusable"


def similarity(source: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    """The turn, scale and shift (2, 3) that bring points (n, 2) nearest to others (Umeyama)."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    spread = ((source - middle) ** 2).sum() / len(source) if np.isfinite(middle).all() else 0.0
    if spread < 1e-9:
        raise ImageUnusable("The points of a face lie on one another: it can't be turned upright.")
    left, sizes, right = np.linalg.svd((target - goal).T @ (source - middle) / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = (left * signs) @ right * ((sizes * signs).sum() / spread)
    return np.hstack([turn, (goal - turn @ middle)[:, None]])


def crop(image: NDArray[np.uint8], landmarks: NDArray[Any]) -> NDArray[np.uint8]:
    """The face (160, 160, 3), upright; what lies outside the image is black.

    Raises ImageUnusable, also for points that can't be those of a face in it.
    """
    pixels = as_pixels(image)
    matrix = similarity(landmarks, TEMPLATE + MARGIN_PX)
    pixels, matrix = _cut(pixels, matrix)
    return np.asarray(cv2.warpAffine(pixels, matrix, (SIZE_PX, SIZE_PX)), np.uint8)


def _cut(
    pixels: NDArray[np.uint8], matrix: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the image that the crop needs; made smaller first where it is much larger, since
    sampling every third pixel would turn fine patterns into wrong ones."""
    corners = np.array([(x, y, 1.0) for x in (0, SIZE_PX) for y in (0, SIZE_PX)])
    there = corners @ cv2.invertAffineTransform(matrix).T
    height, width = pixels.shape[:2]
    left, top = np.clip(np.floor(there.min(axis=0)) - 2, 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(there.max(axis=0)) + 2, 0, (width, height)).astype(int)
    if right - left < 1 or bottom - top < 1 or max(right - left, bottom - top) > _MOST_REACH:
        raise ImageUnusable("A face lies outside its picture.")
    part = pixels[top:bottom, left:right]
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    shift = np.array([(1.0, 0.0, left), (0.0, 1.0, top), (0.0, 0.0, 1.0)])
    if scale < 0.5:
        across = max(1, round((right - left) * 2 * scale))
        down = max(1, round((bottom - top) * 2 * scale))
        part = cv2.resize(part, (across, down), interpolation=cv2.INTER_AREA)
        x, y = (right - left) / across, (bottom - top) / down
        # Pixels are squares: their middles, not their corners, are what is counted from.
        shift = shift @ [(x, 0.0, (x - 1) / 2), (0.0, y, (y - 1) / 2), (0.0, 0.0, 1.0)]
    return np.ascontiguousarray(part), matrix @ shift


def as_pixels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """An image (height, width, 3), whether it was grey, had a fourth channel, or was so already."""
    if image.dtype != np.uint8 or not image.size:
        raise ImageUnusable("A picture must be of bytes, and have some.")
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4):
        raise ImageUnusable("A picture must have one, three or four channels.")
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    return np.ascontiguousarray(image[:, :, :3])


def encode(image: NDArray[np.uint8], *, quality: int = _QUALITY) -> bytes:
    """WebP of a picture; about 5 kB of a crop."""
    written, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not written:
        raise ImageUnusable("A face's picture could not be written.")
    return bytes(data)


def decode(data: bytes) -> NDArray[np.uint8]:
    """The crop that ``encode`` wrote. Raises ImageUnusable for anything else."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data[:_MOST_BYTES]), formats=["WEBP"]) as picture:
            if picture.size != (SIZE_PX, SIZE_PX):
                raise ImageUnusable("A kept face is of another size than faces are kept in.")
            pixels = np.asarray(picture.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageUnusable("A kept face can't be read.") from error
    return np.ascontiguousarray(pixels[:, :, ::-1])
