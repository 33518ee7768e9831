"""Engines made ready: the one place that knows which libraries each needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from apps.faces.engines.files import ModelFiles, models_of
from apps.faces.engines.protocol import Detection, FaceEngine
from apps.faces.engines.ways import Way, way

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_FACES = 200
_LEAST_PX = 16  # a smaller picture has no face of which anything could be told


class _Detector(Protocol):
    on_gpu: bool

    def detect(
        self, image: "NDArray[np.uint8]", *, width_px: int, score: float
    ) -> list[Detection]: ...


class _Embedder(Protocol):
    on_gpu: bool

    def embed(self, crop: "NDArray[np.uint8]") -> "NDArray[np.float32]": ...


def load(engine_id: str, models: ModelFiles | None = None) -> FaceEngine:
    """An engine with its models in memory; ``models`` are else those of the packages, checked.

    It computes on one thread, of the processor unless its library was built for a card that is
    there. Not for the web process: the libraries take 60 to 250 MB. Raises UnknownEngine,
    ModelMissing, ModelAltered.
    """
    found = way(engine_id)
    paths = (models or models_of(engine_id)).paths
    detector, embedder = _parts(found, ModelFiles(paths))
    return _Engine(found, detector, embedder)


def _parts(found: Way, models: ModelFiles) -> tuple[_Detector, _Embedder]:
    if found.embedder == "face_recognition":
        from apps.faces.engines.hog import FaceRecognition

        both = FaceRecognition()
        return both, both
    from apps.faces.engines.yunet import YuNet

    detector = YuNet(models.paths["yunet"])
    if found.embedder == "sface":
        from apps.faces.engines.sface import SFace

        return detector, SFace(models.paths["sface"])
    from apps.faces.engines.resnet import ResNet

    return detector, ResNet(models.paths["landmarks"], models.paths["resnet"])


@dataclass(frozen=True, slots=True)
class _Engine:
    way: Way
    finds: _Detector
    compares: _Embedder

    @property
    def id(self) -> str:
        return self.way.id

    @property
    def detector(self) -> str:
        return self.way.detector

    @property
    def dimensions(self) -> int:
        return self.way.dimensions

    @property
    def device(self) -> str:
        return "GPU" if self.compares.on_gpu else "CPU"

    def detect(self, image: "NDArray[np.uint8]", *, width_px: int, score: float) -> list[Detection]:
        from apps.faces.engines.align import as_pixels

        pixels = as_pixels(image)
        if min(pixels.shape[:2]) < _LEAST_PX:
            return []
        found = self.finds.detect(pixels, width_px=width_px, score=score)
        return sorted(found, key=lambda each: -each.score)[:_MOST_FACES]

    def embed(self, crops: "Sequence[NDArray[np.uint8]]") -> "NDArray[np.float32]":
        import numpy as np

        from apps.faces.engines.align import SIZE_PX, ImageUnusable, as_pixels

        vectors = np.zeros((len(crops), self.dimensions), np.float32)
        for number, crop in enumerate(crops):
            if crop.shape[:2] != (SIZE_PX, SIZE_PX):
                raise ImageUnusable(f"A face to compare must be {SIZE_PX} pixels wide and high.")
            vectors[number] = self.compares.embed(as_pixels(crop))
        # A vector of length 0 tells nothing, and is passed over like any that is too short.
        vectors[~np.isfinite(vectors).all(axis=1)] = 0
        return vectors
