"""The engines that there are: a detector and an embedder each, and the models of both.

A change of how one works (another model, another alignment) is a new id: vectors of two ids are
never compared.
"""

from dataclasses import dataclass

from apps.core.errors import MediaHubError


class UnknownEngine(MediaHubError):
    """There is no engine of that id."""

    code = "unknown_face_engine"


@dataclass(frozen=True, slots=True)
class Way:
    """How an engine works; ``models`` are names of ``files.MODELS``."""

    id: str
    detector: str
    embedder: str
    dimensions: int
    models: tuple[str, ...]


_YUNET = "yunet-2023mar"
_HOG = "dlib-hog-20"
_WAYS = (
    Way("yunet-sface-1", _YUNET, "sface", 128, ("yunet", "sface")),
    Way("yunet-dlib-1", _YUNET, "dlib", 128, ("yunet", "landmarks", "resnet")),
    # Importing face_recognition loads all four.
    Way("hog-dlib-1", _HOG, "face_recognition", 128,
        ("landmarks", "resnet", "landmarks_68", "mmod")),
)  # fmt: skip

ENGINES: tuple[str, ...] = tuple(each.id for each in _WAYS)


def way(engine_id: str) -> Way:
    """Raises UnknownEngine."""
    for each in _WAYS:
        if each.id == engine_id:
            return each
    raise UnknownEngine(f"There is no face engine {engine_id[:40]!r}: use {', '.join(ENGINES)}.")
