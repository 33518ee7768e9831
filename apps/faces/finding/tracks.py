"""Tracks made of the faces that were seen."""

from collections.abc import Sequence

import numpy as np

from apps.faces.engines import align
from apps.faces.finding.link import link, middle, weight
from apps.faces.finding.look import Face, portrait_webp
from apps.faces.finding.messages import MOST_SHOTS, MOST_TRACKS, FoundShot, FoundTrack


def tracks_of(faces: Sequence[Face], *, similarity: float) -> list[FoundTrack]:
    """One for each person, the best first, at most MOST_TRACKS; ``similarity`` as for ``link``."""
    if not faces:
        return []
    vectors = np.stack([face.vector for face in faces])
    groups = link(vectors, [face.frame for face in faces], similarity=similarity)
    groups.sort(key=lambda group: -max(faces[one].worth for one in group))
    return [track_of([faces[one] for one in group]) for group in groups[:MOST_TRACKS]]


def track_of(faces: Sequence[Face]) -> FoundTrack:
    """The track of one person's faces, in the order of their times."""
    best = max(faces, key=lambda face: face.worth)
    weights = np.array([weight(face.norm) for face in faces])
    return FoundTrack(
        times_ms=tuple(face.at_ms for face in faces),
        boxes=tuple(face.box for face in faces),
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
    return FoundShot(
        face.at_ms, face.box, face.size_px, min(max(face.score, 0.0), 1.0), face.norm,
        align.encode(face.crop),
    )  # fmt: skip
