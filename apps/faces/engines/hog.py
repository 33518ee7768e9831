"""Finding and comparing faces as ``face_recognition`` does by itself: HOG, and dlib's ResNet."""

import math

import face_recognition
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from apps.faces.engines.chips import FACE, landmarks_of, on_scale
from apps.faces.engines.device import dlib_has_cuda
from apps.faces.engines.protocol import Detection
from apps.faces.engines.shrinking import found_in, shrink

# Its import has Pillow take pictures that break off, everywhere.
ImageFile.LOAD_TRUNCATED_IMAGES = False

_ENLARGED = 1  # once, as in face_recognition.face_locations
_AT_ZERO = 0.8


class FaceRecognition:
    """The library's own models, which it loads when it is imported.

    Its scores are distances from a plane; 0, where face_recognition draws the line, is 0.8 here.
    """

    def __init__(self) -> None:
        self.on_gpu = dlib_has_cuda()

    def detect(self, image: NDArray[np.uint8], *, width_px: int, score: float) -> list[Detection]:
        small, scale = shrink(image, width_px=width_px)
        pixels = np.ascontiguousarray(small[:, :, ::-1])
        # What face_recognition.face_locations calls, which keeps the scores to itself.
        boxes, margins, _ = face_recognition.api.face_detector.run(
            pixels, _ENLARGED, margin_of(score)
        )
        found = []
        for box, margin in zip(boxes, margins, strict=True):
            shape = face_recognition.api.pose_predictor_5_point(pixels, box)
            points = np.array([(point.x, point.y) for point in shape.parts()], np.float64)
            found.append(
                found_in(
                    image,
                    box=(box.left() / scale, box.top() / scale,
                         box.width() / scale, box.height() / scale),
                    landmarks=landmarks_of(points / scale),
                    score=score_of(margin),
                )
            )  # fmt: skip
        return [each for each in found if each is not None]

    def embed(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        left, top, right, bottom = FACE
        encodings = face_recognition.face_encodings(
            np.ascontiguousarray(crop[:, :, ::-1]), [(top, right, bottom, left)]
        )
        return on_scale(encodings[0])


def score_of(margin: float) -> float:
    """A distance from the plane as a score from 0 to 1 that rises with it."""
    return 1 - (1 - _AT_ZERO) * math.exp(-margin) if margin >= 0 else _AT_ZERO * math.exp(margin)


def margin_of(score: float) -> float:
    """The other way round; at most 5 from the plane."""
    bounded = min(max(score, 0.01), 0.998)
    if bounded >= _AT_ZERO:
        return -math.log((1 - bounded) / (1 - _AT_ZERO))
    return math.log(bounded / _AT_ZERO)
