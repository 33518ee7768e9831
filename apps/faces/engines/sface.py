"""Comparing faces by SFace, with OpenCV."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from apps.faces.engines.align import INNER_PX, MARGIN_PX
from apps.faces.engines.yunet import targets

_INNER = slice(MARGIN_PX, MARGIN_PX + INNER_PX)


class SFace:
    """Holds the model. The length of its vectors tells how much could be told of a face."""

    def __init__(self, path: Path) -> None:
        cv2.setNumThreads(1)
        backend, target = targets()
        self.on_gpu = target != cv2.dnn.DNN_TARGET_CPU
        self._net = cv2.FaceRecognizerSF.create(str(path), "", backend, target)

    def embed(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._net.feature(np.ascontiguousarray(crop[_INNER, _INNER]))[0])
