"""What a search found, made in one line without searching."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.faces.finding.messages import Box, Found, FoundShot, FoundTrack
from tests.faces.factories import person, picture

BOX: Box = (0.4, 0.2, 0.1, 0.2)


def found_track(
    who: int | NDArray[np.float32] = 1,
    times_ms: Sequence[int] = (0, 1_000, 2_000),
    *,
    box: Box = BOX,
    norm: float = 12.0,
) -> FoundTrack:
    """A face of somebody (``factories.person``), at some times, always in the same place."""
    vector = person(who) if isinstance(who, int) else who
    shots = tuple(FoundShot(at, box, 80, 0.9, norm, picture(3)) for at in times_ms[:5])
    return FoundTrack(
        tuple(times_ms), (box,) * len(times_ms), shots, vector.astype(np.float32), norm,
        norm * 9, picture(4),
    )  # fmt: skip


def found(*tracks: FoundTrack, engine: str = "yunet-sface-1", **values: object) -> Found:
    """Of a video that was looked through without trouble."""
    detector = "dlib-hog-20" if engine == "hog-dlib-1" else "yunet-2023mar"
    return Found(
        engine=engine, detector=detector, frames=20,
        faces=sum(len(track.times_ms) for track in tracks), tracks=tracks, **values,
    )  # fmt: skip
