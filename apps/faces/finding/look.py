"""Faces in pictures that are worth keeping, and what is kept of each until they are linked."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engines import Detection, FaceEngine, align
from apps.faces.engines.align import ImageUnusable
from apps.faces.finding.messages import Box, FindWay

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PORTRAIT_PX = 256
_MARGIN = 0.4  # of the box, on each side
_KEPT_QUALITY = 95  # of a portrait that may be left out yet; JPEG is ten times as quick as WebP


class Shown(Protocol):
    """A picture in pixels of blue, green and red. Only one that has faces is asked for ``whole``,
    which shows the same as ``small`` as large as it is."""

    @property
    def at_ms(self) -> int: ...

    @property
    def whole(self) -> Pixels: ...

    def small(self, side_px: int) -> Pixels: ...


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One face in one frame, not compared yet. ``quality``: how well it can be seen."""

    frame: int
    at_ms: int
    box: Box
    size_px: int
    score: float
    quality: float
    crop: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face that was compared. ``worth`` is how good a picture of somebody it is; ``portrait`` is
    empty where its frame was gone by then."""

    seen: Seen
    norm: float
    worth: float
    vector: Floats
    portrait: bytes


def seen_in(
    picture: Shown, engine: FaceEngine, way: FindWay, *, frame: int, most: int
) -> Iterator[Seen]:
    """The faces of a picture that are large enough, the largest first, at most ``most``.

    They are looked for where it is small, and cut out of it where it is whole.
    """
    small = picture.small(way.detector_width_px)
    found = engine.detect(small, width_px=way.detector_width_px, score=way.detector_score)
    if not found:
        return
    whole = picture.whole
    scale = whole.shape[1] / small.shape[1]
    sized = [(_size_px(one, scale), one) for one in found]
    large = [each for each in sized if each[0] >= way.minimum_size_px]
    large.sort(key=lambda each: -each[0])
    for size_px, detection in large[:most]:
        landmarks = np.asarray(detection.landmarks, np.float64) * scale
        try:
            crop = align.crop(whole, landmarks)
        except ImageUnusable:
            continue
        yield Seen(
            frame=frame, at_ms=picture.at_ms, box=_part(detection, small), size_px=round(size_px),
            score=detection.score, quality=math.sqrt(size_px) * frontalness(landmarks), crop=crop,
        )  # fmt: skip


def compared(seen: Seen, engine: FaceEngine, way: FindWay, whole: Pixels | None) -> Face | None:
    """What the engine makes of a face; None if that is too little to know somebody by.

    ``whole`` is the picture that it was seen in, for its portrait.
    """
    vector = engine.embed([seen.crop])[0]
    norm = float(np.linalg.norm(vector))
    if norm < way.minimum_norm or not math.isfinite(norm):
        return None
    portrait = b"" if whole is None else _portrait(whole, seen.box)
    return Face(seen, norm, norm * seen.quality, vector, portrait)


def frontalness(landmarks: NDArray[np.float64]) -> float:
    """1 where the nose is between the eyes, down to 0.1 where it is over one of them or beyond."""
    left, right, nose = landmarks[0], landmarks[1], landmarks[2]
    across = right - left
    length = float(across @ across)
    if length <= 0:
        return 0.1
    along = float((nose - left) @ across) / length
    return max(1 - 2 * abs(along - 0.5), 0.1)


def portrait_webp(kept: bytes) -> bytes:
    """The WebP of a portrait that was kept. Raises ImageUnusable."""
    pixels = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_COLOR)
    return align.encode(np.asarray(pixels, np.uint8), quality=80)


def _size_px(detection: Detection, scale: float) -> float:
    _, _, width, height = detection.box
    return scale * math.sqrt(max(width, 0.0) * max(height, 0.0))


def _part(detection: Detection, image: Pixels) -> Box:
    """The box within the image, in parts of it."""
    height, width = image.shape[:2]
    left, top, across, down = detection.box
    first = min(max(left / width, 0.0), 1.0), min(max(top / height, 0.0), 1.0)
    last = min(max((left + across) / width, 0.0), 1.0), min(max((top + down) / height, 0.0), 1.0)
    return first[0], first[1], max(last[0] - first[0], 0.0), max(last[1] - first[1], 0.0)


def _portrait(whole: Pixels, box: Box) -> bytes:
    """A square around the face, at most PORTRAIT_PX wide; less where the picture ends."""
    height, width = whole.shape[:2]
    across, down = box[2] * width, box[3] * height
    reach = max(across, down) * (0.5 + _MARGIN)
    x, y = box[0] * width + across / 2, box[1] * height + down / 2
    left, right = max(round(x - reach), 0), min(round(x + reach), width)
    top, bottom = max(round(y - reach), 0), min(round(y + reach), height)
    part = whole[top : max(bottom, top + 1), left : max(right, left + 1)]
    scale = min(PORTRAIT_PX / max(part.shape[:2]), 1.0)
    if scale < 1:
        size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    written, data = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, _KEPT_QUALITY])
    if not written:
        raise ImageUnusable("A face's portrait could not be written.")
    return bytes(data)
