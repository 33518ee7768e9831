"""What is asked of the child that looks for faces, and what it answers.

The child reads hostile files and may be theirs by then: whatever it says is checked.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.ffmpeg import untrusted
from apps.ffmpeg.messages import FileStat

Box = tuple[float, float, float, float]
Floats = NDArray[np.float32]

MOST_TRACKS = 2_000
MOST_SHOTS = 5
_MOST_TIMES = 5_000
_MOST_BYTES = 500_000
_MOST_DIMENSIONS = 2_048
_LONGEST_MS = 1_000 * 60 * 60 * 1_000


class WrongAnswer(ValueError):
    """The child said what it can't have found."""


@dataclass(frozen=True, slots=True)
class FindWay:
    """How faces are looked for. Sizes are pixels of the full frame."""

    engine: str
    detector_width_px: int = 640
    detector_score: float = 0.8
    minimum_size_px: int = 28
    minimum_norm: float = 9.0
    frames: int = 240
    gap_ms: int = 1_000


@dataclass(frozen=True, slots=True)
class FindRequest:
    """``path`` is of a video; ``duration_ms`` is what is known of it, else its own word counts."""

    path: bytes
    way: FindWay
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FoundShot:
    """One frame of a face. ``box`` is left, top, width, height in parts of the frame."""

    at_ms: int
    box: Box
    size_px: int
    score: float
    norm: float
    crop: bytes


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """One person's face through a video, or in a picture (then at 0 ms).

    ``boxes`` go with ``times_ms``; ``vector`` is of length 1; ``norm`` is its best face's.
    ``shots`` begin with the best.
    """

    times_ms: tuple[int, ...]
    boxes: tuple[Box, ...]
    shots: tuple[FoundShot, ...]
    vector: Floats
    norm: float
    quality: float
    portrait: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a file: its tracks, or ``error`` and a sentence.

    ``frames`` were looked at and had ``faces`` that passed the gates. ``cpu_ms`` is all that it
    took, ``decode_ms`` the part of it that went into getting frames.
    """

    engine: str = ""
    detector: str = ""
    stat: FileStat | None = None
    frames: int = 0
    faces: int = 0
    tracks: tuple[FoundTrack, ...] = ()
    cpu_ms: int = 0
    decode_ms: int = 0
    error: str = ""
    message: str = ""


def way_to_json(way: FindWay) -> dict[str, Any]:
    return asdict(way)


def way_from_json(sent: Mapping[str, Any]) -> FindWay:
    return FindWay(**{field.name: sent[field.name] for field in fields(FindWay)})


def track_to_json(track: FoundTrack) -> dict[str, Any]:
    return {
        "times_ms": list(track.times_ms), "boxes": [list(box) for box in track.boxes],
        "shots": [{**asdict(shot), "crop": to_text(shot.crop)} for shot in track.shots],
        "vector": vector_to_text(track.vector), "norm": track.norm, "quality": track.quality,
        "portrait": to_text(track.portrait),
    }  # fmt: skip


def track_from_json(sent: Mapping[str, Any]) -> FoundTrack:
    """Raises WrongAnswer."""
    times = tuple(_whole(at, _LONGEST_MS) for at in _list(sent.get("times_ms"), _MOST_TIMES))
    boxes = tuple(map(_box, _list(sent.get("boxes"), _MOST_TIMES)))
    shots = tuple(map(_shot, _list(sent.get("shots"), MOST_SHOTS)))
    if not shots or len(times) != len(boxes) or list(times) != sorted(set(times)):
        raise WrongAnswer
    vector = vector_from_text(sent.get("vector"))
    if abs(float(np.linalg.norm(vector)) - 1) > 0.01:
        raise WrongAnswer
    return FoundTrack(
        times, boxes, shots, vector, _number(sent.get("norm"), 1e3),
        _number(sent.get("quality"), 1e6), webp_from_text(sent.get("portrait")),
    )  # fmt: skip


def found_from_json(sent: Mapping[str, Any], tracks: tuple[FoundTrack, ...]) -> Found:
    """Raises WrongAnswer."""
    stat = sent.get("stat")
    counts = {
        name: _whole(sent.get(name), 1 << 31) for name in ("frames", "faces", "cpu_ms", "decode_ms")
    }
    return Found(
        engine=untrusted.text(sent.get("engine"), 20),
        detector=untrusted.text(sent.get("detector"), 20),
        stat=None if stat is None else FileStat(*(_whole(one, 1 << 63) for one in _list(stat, 4))),
        tracks=tracks, error=untrusted.text(sent.get("error"), 40),
        message=untrusted.text(sent.get("message"), 500), **counts,
    )  # fmt: skip


def to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def from_text(value: object, *, most: int = _MOST_BYTES) -> bytes:
    """Raises WrongAnswer."""
    if not isinstance(value, str) or len(value) > 2 * most:
        raise WrongAnswer
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongAnswer from error


def webp_from_text(value: object) -> bytes:
    """What begins as a WebP does, for browsers are told that it is one. Raises WrongAnswer."""
    data = from_text(value)
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise WrongAnswer
    return data


def vector_to_text(vector: Floats) -> str:
    return to_text(vector.astype("<f4").tobytes())


def vector_from_text(value: object) -> Floats:
    """Raises WrongAnswer."""
    data = from_text(value, most=4 * _MOST_DIMENSIONS)
    if not data or len(data) % 4:
        raise WrongAnswer
    vector = np.frombuffer(data, dtype="<f4").astype(np.float32)
    if not np.isfinite(vector).all():
        raise WrongAnswer
    return vector


def _shot(sent: object) -> FoundShot:
    shot = untrusted.mapping(sent)
    return FoundShot(
        _whole(shot.get("at_ms"), _LONGEST_MS), _box(shot.get("box")),
        _whole(shot.get("size_px"), 32_767), _number(shot.get("score"), 1),
        _number(shot.get("norm"), 1e3), webp_from_text(shot.get("crop")),
    )  # fmt: skip


def _box(sent: object) -> Box:
    left, top, width, height = (_number(side, 1) for side in _list(sent, 4, exactly=True))
    return left, top, width, height


def _list(value: object, most: int, *, exactly: bool = False) -> list[Any]:
    if not isinstance(value, list) or len(value) > most or (exactly and len(value) != most):
        raise WrongAnswer
    return value


def _whole(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise WrongAnswer
    return value


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongAnswer
    if not math.isfinite(value) or not 0 <= value <= most:
        raise WrongAnswer
    return float(value)
