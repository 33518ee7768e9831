"""Tracks made of the faces that were seen."""

from collections.abc import Sequence

import numpy as np

from apps.faces.engines import align
from apps.faces.finding.link import middle, weight
from apps.faces.finding.look import Face, Seen, portrait_webp
from apps.faces.finding.messages import MOST_SHOTS, FoundShot, FoundTrack


def track_of(faces: Sequence[Face], others: Sequence[Seen] = ()) -> FoundTrack:
    """The track of one person: of faces that were compared, and of others that are the same.

    One of ``faces`` has a portrait at least.
    """
    faces = sorted(faces, key=lambda face: face.seen.at_ms)
    seen = sorted([*(face.seen for face in faces), *others], key=lambda one: one.at_ms)
    best = max(faces, key=lambda face: (bool(face.portrait), face.worth))
    weights = np.array([weight(face.norm) for face in faces])
    return FoundTrack(
        times_ms=tuple(one.at_ms for one in seen),
        boxes=tuple(one.box for one in seen),
        shots=tuple(map(_shot, spread(faces, best))),
        vector=middle(np.stack([face.vector for face in faces]), weights),
        norm=max(face.norm for face in faces),
        quality=best.worth,
        portrait=portrait_webp(best.portrait),
    )


def spread(faces: Sequence[Face], best: Face) -> list[Face]:
    """The best face, and the best of each of the parts that the others make, as equal as can be."""
    others = [face for face in faces if face is not best]
    parts = min(MOST_SHOTS - 1, len(others))
    chosen = [best]
    for part in range(parts):
        some = others[part * len(others) // parts : (part + 1) * len(others) // parts]
        chosen.append(max(some, key=lambda face: face.worth))
    return chosen


def _shot(face: Face) -> FoundShot:
    seen = face.seen
    return FoundShot(
        seen.at_ms, seen.box, seen.size_px, min(max(seen.score, 0.0), 1.0), face.norm,
        align.encode(seen.crop),
    )  # fmt: skip
