"""Finding faces by YuNet, with OpenCV."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engines.device import opencv_has_cuda
from apps.faces.engines.protocol import Detection
from apps.faces.engines.shrinking import found_in, shrink
from apps.faces.engines.tilted import upright

_OVERLAP = 0.3  # of two boxes of one face
_CANDIDATES = 1_000


def targets() -> tuple[int, int]:
    """On what OpenCV computes: the card if it was built for it."""
    if opencv_has_cuda():
        return cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA
    return cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU


class YuNet:
    """Holds the model. Its scores are about probabilities; 0.8 is a good level for 640 pixels."""

    def __init__(self, path: Path) -> None:
        cv2.setNumThreads(1)
        backend, target = targets()
        self.on_gpu = target != cv2.dnn.DNN_TARGET_CPU
        self._net = cv2.FaceDetectorYN.create(
            str(path), "", (320, 320), 0.8, _OVERLAP, _CANDIDATES, backend, target
        )

    def detect(self, image: NDArray[np.uint8], *, width_px: int, score: float) -> list[Detection]:
        small, scale = shrink(image, width_px=width_px)
        self._net.setScoreThreshold(score)
        rows = self._look(small)
        if len(rows):
            rows = upright(small, rows, self._look)
        found = []
        for row in rows:
            left, top, width, height = (float(value) / scale for value in row[:4])
            found.append(
                found_in(
                    image,
                    box=(left, top, width, height),
                    landmarks=(row[4:14].reshape(5, 2) / scale).astype(np.float32),
                    score=float(row[14]),
                )
            )
        return [each for each in found if each is not None]

    def _look(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._net.setInputSize((image.shape[1], image.shape[0]))
        _, rows = self._net.detect(image)
        return np.zeros((0, 15), np.float32) if rows is None else np.asarray(rows, np.float32)
