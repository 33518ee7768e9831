"""Comparing faces by dlib's ResNet."""

from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from apps.faces.engines.chips import FACE, on_scale
from apps.faces.engines.device import dlib_has_cuda


class ResNet:
    """Holds the model, and that of the five landmarks by which dlib cuts its own chip."""

    def __init__(self, landmarks: Path, resnet: Path) -> None:
        self.on_gpu = dlib_has_cuda()
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._net = dlib.face_recognition_model_v1(str(resnet))

    def embed(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        left, top, right, bottom = FACE
        pixels = np.ascontiguousarray(crop[:, :, ::-1])
        shape = self._landmarks(pixels, dlib.rectangle(left, top, right, bottom))
        return on_scale(np.array(self._net.compute_face_descriptor(pixels, shape, 1)))
