"""Which tracks of a new search are those that were known already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.faces.finding.messages import Box, Floats, FoundTrack

_SAME_PLACE = 0.5  # of two boxes' area, shared


@dataclass(frozen=True, slots=True)
class Known:
    """A track that is there. ``boxes`` are of some of its times; ``spoken``: a person said
    something of it. ``vector`` is of the engine that searched now, if it has one."""

    id: int
    times_ms: frozenset[int]
    boxes: Mapping[int, Box]
    vector: Floats | None
    spoken: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """``known`` says of new tracks (by index) which known one each is. ``taken`` are times of new
    ones that a known track stands for which is not theirs, though it is the same face."""

    known: Mapping[int, int]
    taken: Mapping[int, frozenset[int]]


def match(
    known: Sequence[Known], new: Sequence[FoundTrack], *, similarity: float, same_content: bool
) -> Matches:
    """Each known track goes with one new one at most. Of which a person has spoken come first.

    A track is the same if it is in the same place at the same time of the same file, or as alike
    as faces of one video that are one person's.
    """
    pairs = [
        (one.spoken, how, -number, one)
        for number, track in enumerate(new)
        for one in known
        if (how := _sameness(one, track, similarity, same_content=same_content)) is not None
    ]
    pairs.sort(key=lambda pair: (pair[0], pair[1], pair[2], -pair[3].id), reverse=True)
    found: dict[int, int] = {}
    for _, _, negative, one in pairs:
        if -negative not in found and one.id not in found.values():
            found[-negative] = one.id
    left: dict[int, frozenset[int]] = {}
    matched = set(found.values())
    for spoken, _, negative, one in pairs:
        if spoken and one.id not in matched:  # it stays as it was
            left[-negative] = left.get(-negative, frozenset()) | one.times_ms
    return Matches(found, left)


def same_place(one: Box, other: Box) -> bool:
    """Whether two boxes share at least half of what they cover together."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(across, 0.0) * max(down, 0.0)
    covered = one[2] * one[3] + other[2] * other[3] - shared
    return covered > 0 and shared / covered >= _SAME_PLACE


def _sameness(
    known: Known, track: FoundTrack, similarity: float, *, same_content: bool
) -> float | None:
    """How surely they are the same, or None: a share of places counts for more than likeness."""
    places = _places(known, track) if same_content else 0.0
    likeness = None
    if known.vector is not None and known.vector.shape == track.vector.shape:
        likeness = float(np.dot(known.vector, track.vector))
    if places > 0.5:
        return 1 + places + (likeness or 0.0)
    if likeness is not None and likeness >= similarity:
        return likeness
    return None


def _places(known: Known, track: FoundTrack) -> float:
    """Of the known places at times of the track, the share that is the same."""
    at = dict(zip(track.times_ms, track.boxes, strict=True))
    shared = [same_place(box, at[time]) for time, box in known.boxes.items() if time in at]
    return sum(shared) / len(shared) if shared else 0.0
