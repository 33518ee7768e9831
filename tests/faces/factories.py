"""Faces and identities, made in one line, without an engine: vectors are what a test says."""

import io
import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.faces.choices import Engine, Verdict
from apps.faces.models import FaceLibrary, Identity, IdentityVector, Shot, Track, TrackVector
from apps.library.models import Library, Performer, PerformerImage, Video
from tests.factories import make_video

DIMENSIONS = 128
_numbers = itertools.count(1)


def switch_on(library: Library, **values: Any) -> FaceLibrary:
    """Look for faces in a library."""
    return FaceLibrary.objects.create(library=library, enabled=True, **values)


def person(number: int) -> NDArray[np.float32]:
    """Where somebody is in the space: of length 1, the same for the same number; two people are
    about as unlike as strangers are."""
    drawn = np.random.default_rng(number).standard_normal(DIMENSIONS).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def alike(middle: NDArray[np.float32], similarity: float, number: int = 1) -> NDArray[np.float32]:
    """Another face at exactly this cosine from ``middle``."""
    aside = person(1_000_003 * number)
    aside = aside - (aside @ middle) * middle
    aside /= np.linalg.norm(aside)
    return similarity * middle + float(np.sqrt(1 - similarity**2)) * aside


def make_identity(
    performer: Performer | None = None,
    *,
    middle: NDArray[np.float32] | None = None,
    engine: str = Engine.YUNET_SFACE,
    **values: Any,
) -> Identity:
    """With ``middle``, one that new faces are compared with."""
    values.setdefault("settled", performer is not None)
    identity = Identity.objects.create(performer=performer, **values)
    if middle is not None:
        IdentityVector.objects.create(
            identity=identity, engine=engine, vector=middle.astype("<f4").tobytes(), tracks=1
        )
    return identity


def make_track(
    video: Video | None = None,
    *,
    vector: NDArray[np.float32] | None = None,
    identity: Identity | None = None,
    image: PerformerImage | None = None,
    times_ms: Sequence[int] = (0, 1_000, 2_000),
    engine: str = Engine.YUNET_SFACE,
    norm: float = 12.0,
    verdict: str = Verdict.NONE,
    **values: Any,
) -> Track:
    """A face in a video (a new one, if none is named) with one shot, a vector and a portrait.

    Counts of the identity aren't kept: ``services.identities.recount`` does.
    """
    number = next(_numbers)
    if image is None:
        video = video or make_video()
        values = {"start_ms": times_ms[0], "end_ms": times_ms[-1], **values}
    track = Track.objects.create(
        video=video, image=image, identity=identity, verdict=verdict,
        times_ms=list(times_ms) if image is None else [],
        faces=len(times_ms),
        **{
            "detector": "yunet-2023mar", "size_px": 80, "quality": norm * 9,
            "portrait": picture(number % 30), **values,
        },
    )  # fmt: skip
    Shot.objects.create(
        track=track, at_ms=track.start_ms, box=[0.4, 0.2, 0.1, 0.2], size_px=80, score=0.9,
        norm=norm, crop=picture(number % 30),
    )  # fmt: skip
    vector = person(number) if vector is None else vector
    TrackVector.objects.create(
        track=track, engine=engine, vector=vector.astype("<f2").tobytes(), norm=norm
    )
    return track


@lru_cache(maxsize=64)
def picture(number: int) -> bytes:
    """A small WebP of one colour; the same number gives the same."""
    colour = tuple(int(part) for part in np.random.default_rng(number).integers(40, 220, 3))
    file = io.BytesIO()
    Image.new("RGB", (160, 160), colour).save(file, "WEBP")
    return file.getvalue()
