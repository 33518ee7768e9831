"""What settings would be worth, tried on the faces that a person has confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from apps.core.errors import MediaHubError
from apps.faces.choices import Engine
from apps.faces.engines.calibration import calibration
from apps.faces.models import FaceSettings
from apps.faces.services.naming import Levels
from apps.faces.services.naming.gallery import EXEMPLARS
from apps.faces.services.settings import settings_of_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_FACES = 5_000
_BINS = 60
_ROWS = 500  # of likenesses at once
_KNOBS = (
    "engine", "apply_one_in", "suggest_one_in", "margin", "minimum_size_px", "minimum_norm",
)  # fmt: skip
# The same faces each time, spread over all: Knuth's multiplicative hash of their ids.
_CONFIRMED = """
SELECT track.identity_id, known.engine, known.vector, track.id
FROM faces_track track JOIN faces_trackvector known ON known.track_id = track.id
WHERE track.verdict = 'confirmed' AND known.engine = ANY (%(engines)s)
    AND known.norm >= %(norm)s AND track.size_px >= %(size)s
ORDER BY (track.id * 2654435761) %% 4294967296, track.id, known.engine
LIMIT %(most)s
"""


class NothingToCompare(MediaHubError):
    """The values can't be tried; nothing was changed."""

    code = "nothing_to_compare"


@dataclass(frozen=True, slots=True)
class Level:
    """Naming from a likeness on: of the names given, how many are right; of the faces of people of
    whom another face is known, how many get theirs."""

    threshold: float
    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Pairs of faces by their likeness: ``same`` and ``different`` count those of one person and of
    two in the bins between ``edges`` (one more). Each face is named by all the others.

    ``threshold``, ``precision`` and ``recall`` are those of names that are given unasked; without
    faces they are None, but for the threshold.
    """

    engine: str
    faces: int
    people: int
    edges: list[float]
    same: list[int]
    different: list[int]
    threshold: float
    precision: float | None
    recall: float | None
    suggested: Level


@dataclass(frozen=True, slots=True)
class Compared:
    """How well an engine names the same faces as the others."""

    engine: str
    label: str
    faces: int
    precision: float | None
    recall: float | None


def preview(values: Mapping[str, Any]) -> Preview:
    """What these settings (others as they are stored) are worth on at most 5,000 confirmed faces.

    Nothing is written. Raises NothingToCompare for an engine that nothing knows.
    """
    settings = _with(values)
    rows = _read([settings.engine], settings)
    return _seen(settings, [row[0] for row in rows], [row[2] for row in rows])


def compare_engines() -> list[Compared]:
    """Each engine that has read confirmed faces, on those that all such have read."""
    settings = _with({})
    rows = _read([str(engine) for engine in Engine], settings, gated=False)
    engines = [str(each) for each in Engine if str(each) in {row[1] for row in rows}]
    by_track: dict[int, dict[str, tuple[int, bytes]]] = {}
    for identity, engine, vector, track in rows:
        by_track.setdefault(track, {})[engine] = (identity, vector)
    shared = [each for each in by_track.values() if len(each) == len(engines)]
    compared = []
    for engine in engines:
        known = [each[engine] for each in shared]
        seen = _seen(_with({"engine": engine}), [i for i, _ in known], [v for _, v in known])
        label = str(Engine(engine).label)
        compared.append(Compared(engine, label, seen.faces, seen.precision, seen.recall))
    return compared


def _with(values: Mapping[str, Any]) -> FaceSettings:
    """Raises NothingToCompare."""
    settings = settings_of_all()
    for name in _KNOBS:
        if values.get(name) is not None:
            setattr(settings, name, values[name])
    if settings.engine not in Engine.values:
        raise NothingToCompare(f"There is no engine {settings.engine!r}: choose another.")
    return settings


def _read(
    engines: Sequence[str], settings: FaceSettings, *, gated: bool = True
) -> list[tuple[int, str, bytes, int]]:
    values = {
        "engines": list(engines), "norm": settings.minimum_norm if gated else 0,
        "size": settings.minimum_size_px if gated else 0, "most": _MOST_FACES * len(engines),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CONFIRMED, values)
        rows: list[tuple[int, str, bytes, int]] = cursor.fetchall()
    return rows


def _seen(settings: FaceSettings, identities: Sequence[int], stored: Sequence[bytes]) -> Preview:
    import numpy as np

    known = calibration(settings.engine)
    levels = Levels.of(settings, known)
    low = -0.2 if known.table[0][0] < 0 else known.table[0][0] - 0.1
    edges = np.linspace(low, 1.0, _BINS + 1)
    people = np.array(identities, dtype=np.int64)
    counts = np.unique(people, return_counts=True)[1]
    pairs = _compare(_matrix(stored), people, edges)
    faces = max(1, int(np.minimum(counts, EXEMPLARS).sum()))
    given = known.similarity_of(levels.apply_one_in * faces)
    told = known.similarity_of(levels.suggest_one_in * faces)
    applied = _level(pairs, given, levels.margin)
    return Preview(
        engine=settings.engine, faces=len(people), people=len(counts),
        edges=[round(float(edge), 4) for edge in edges],
        same=[int(count) for count in pairs.same], different=[int(c) for c in pairs.different],
        threshold=round(given, 4), precision=applied.precision, recall=applied.recall,
        suggested=_level(pairs, told, 0.0),
    )  # fmt: skip


def _matrix(stored: Sequence[bytes]) -> "NDArray[np.float32]":
    import numpy as np

    if not stored:
        return np.zeros((0, 1), np.float32)
    vectors = np.array([np.frombuffer(each, dtype="<f2") for each in stored], dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Counts of pairs by bins; and of each face how alike the nearest face is, of the same person
    and of another (-1: there is none)."""

    same: "NDArray[np.int64]"
    different: "NDArray[np.int64]"
    near_same: "NDArray[np.float32]"
    near_other: "NDArray[np.float32]"


def _compare(
    vectors: "NDArray[np.float32]", people: "NDArray[np.int64]", edges: "NDArray[np.float64]"
) -> _Pairs:
    import numpy as np

    size, low, width = len(vectors), edges[0], edges[1] - edges[0]
    same, different = (np.zeros(_BINS, np.int64) for _ in range(2))
    near_same, near_other = (np.full(size, -1.0, np.float32) for _ in range(2))
    for first in range(0, size, _ROWS):
        rows = slice(first, min(first + _ROWS, size))
        likeness = vectors[rows] @ vectors.T
        alike = people[rows, None] == people[None, :]
        itself = np.arange(size)[None, :] == np.arange(size)[rows, None]
        near_same[rows] = np.where(alike & ~itself, likeness, -1.0).max(axis=1)
        near_other[rows] = np.where(alike, -1.0, likeness).max(axis=1)
        bins = np.clip((likeness - low) / width, 0, _BINS - 1).astype(np.int64)
        once = np.arange(size)[None, :] > np.arange(size)[rows, None]
        same += np.bincount(bins[alike & once], minlength=_BINS)
        different += np.bincount(bins[~alike & once], minlength=_BINS)
    return _Pairs(same, different, near_same, near_other)


def _level(pairs: _Pairs, threshold: float, margin: float) -> Level:
    import numpy as np

    best = np.maximum(pairs.near_same, pairs.near_other)
    lead = np.abs(pairs.near_same - np.maximum(pairs.near_other, 0.0))
    given = (best >= threshold) & (lead >= margin)
    right = int((given & (pairs.near_same > pairs.near_other)).sum())
    known = int((pairs.near_same > -1.0).sum())
    return Level(
        round(threshold, 4),
        round(right / int(given.sum()), 4) if given.any() else None,
        round(right / known, 4) if known else None,
    )
