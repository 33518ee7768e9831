"""New faces one by one: who is nearest, and who begins somebody new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from apps.faces.grouping.graph import Vectors
from apps.faces.grouping.thresholds import Thresholds

_CHOICES = 16  # of the nearest, who are tried until one is permitted


@dataclass(frozen=True, slots=True)
class Face:
    """A face to be placed. ``barred`` are identities that it can't have; ``apart`` the numbers of
    other faces, among those to be placed, that were seen at the same moment."""

    norm: float
    barred: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()


@dataclass(slots=True)
class Decided:
    """For each face an identity's id, or -1 - k for the ``k``th new one, or None; how alike they
    are; and the faces that begin the new ones."""

    chosen: list[int | None]
    likeness: list[float]
    starting: list[int] = field(default_factory=list)


def decide(
    faces: Sequence[Face],
    vectors: Vectors,
    likeness: Vectors,
    identities: NDArray[np.int64],
    thresholds: Thresholds,
) -> Decided:
    """Give each face the nearest identity that it may have, or begin one, the clearest first.

    ``vectors`` (m, d) have the length 1; ``likeness`` (m, n) is theirs to ``identities`` (n).
    """
    decided = Decided([None] * len(faces), [0.0] * len(faces))
    order = sorted(range(len(faces)), key=lambda number: (-faces[number].norm, number))
    for number in order:
        face = faces[number]
        if face.norm < thresholds.join_norm:
            continue
        taken = {decided.chosen[other] for other in face.apart} | face.barred
        offers = _offers(likeness[number], identities, thresholds.join)
        offers += _begun(number, vectors, decided.starting, thresholds.join)
        for chosen, how in sorted(offers, key=lambda offer: -offer[1]):
            if chosen not in taken:
                decided.chosen[number], decided.likeness[number] = chosen, how
                break
        else:
            if face.norm >= thresholds.seed_norm:
                decided.chosen[number], decided.likeness[number] = -1 - len(decided.starting), 1.0
                decided.starting.append(number)
    return decided


def _offers(
    likeness: Vectors, identities: NDArray[np.int64], join: float
) -> list[tuple[int, float]]:
    """Who is alike enough: the most alike ones."""
    near = np.flatnonzero(likeness >= join)
    near = near[np.argsort(-likeness[near], kind="stable")[:_CHOICES]]
    return [(int(identities[at]), float(likeness[at])) for at in near]


def _begun(
    number: int, vectors: Vectors, starting: list[int], join: float
) -> list[tuple[int, float]]:
    """Of those that were begun just now."""
    if not starting:
        return []
    begun = vectors[starting] @ vectors[number]
    return [(-1 - at, float(begun[at])) for at in np.flatnonzero(begun >= join).tolist()]


def apart_of(times: Mapping[int, tuple[int, frozenset[int]]]) -> dict[int, frozenset[int]]:
    """Of faces by their numbers, with a video and their moments: which share one."""
    by_video: dict[int, list[int]] = {}
    for number, (video, _) in times.items():
        by_video.setdefault(video, []).append(number)
    return {
        one: frozenset(o for o in others if o != one and times[o][1] & times[one][1])
        for others in by_video.values()
        for one in others
    }
