"""What an engine makes of kept crops: of all, when it is newly chosen."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.progress import Progress, silent
from apps.faces.choices import Verdict
from apps.faces.finding.link import middle, weight
from apps.faces.finding.messages import Floats
from apps.faces.models import Rejection, Shot, Track, TrackVector
from apps.faces.services.identities import refresh_middles, take_turn
from apps.faces.services.settings import settings_of_all
from apps.faces.services.ways import shared_finder
from apps.library.models import Video

Guard = Callable[[], AbstractContextManager[Any]]

_AT_ONCE = 100  # tracks, some 400 crops: a dozen seconds


def _quiet() -> None:
    """Told that work goes on, where nobody watches."""


def tracks_without_vector(engine: str) -> QuerySet[Track]:
    """Faces of which an engine has made nothing yet."""
    made = TrackVector.objects.filter(track=OuterRef("pk"), engine=engine)
    tracks: QuerySet[Track] = Track.objects.exclude(Exists(made))
    return tracks


def embed_all(
    *, report: Progress = silent, guard: Guard = transaction.atomic
) -> dict[str, int]:  # fmt: skip
    """Have the engine of the settings compare what another has found, from the kept crops.

    Stopped and called again it goes on where it was. ``report`` counts tracks. Raises
    EmbeddingFailed, FinderBroken.
    """
    engine = settings_of_all().engine
    lacking = tracks_without_vector(engine)
    total, done, made, last = lacking.count(), 0, 0, 0
    while ids := list(
        lacking.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]
    ):
        report(done, total, made=made)
        vectors = vectors_from_crops(ids, engine=engine, beat=partial(report, done, total))
        with guard():
            made += _write(vectors, engine)
        last, done = ids[-1], done + len(ids)
    report(done, total, made=made)
    return {"made": made}


def vectors_of_spoken(video: Video, *, engine: str) -> dict[int, tuple[Floats, float]]:
    """Of tracks that a person has spoken of, what another engine than theirs makes of them."""
    rejected = Rejection.objects.filter(track=OuterRef("pk"))
    spoken = tracks_without_vector(engine).filter(video=video)
    spoken = spoken.filter(~Q(verdict=Verdict.NONE) | Exists(rejected))
    return vectors_from_crops(list(spoken.values_list("pk", flat=True)), engine=engine)


def vectors_from_crops(
    ids: Sequence[int], *, engine: str, beat: Callable[[], None] = _quiet
) -> dict[int, tuple[Floats, float]]:
    """The vector of length 1 and the norm of each track; without those whose crops can't be read.

    Raises EmbeddingFailed, FinderBroken.
    """
    shots = list(Shot.objects.filter(track__in=ids).order_by("pk").values_list("track_id", "crop"))
    if not shots:
        return {}
    crops = [bytes(crop) for _, crop in shots]
    told = shared_finder().embed(crops, engine=engine, told=lambda *_: beat())
    found: dict[int, list[Floats]] = {}
    for (track, _), vector in zip(shots, told, strict=True):
        if vector is not None and float(np.linalg.norm(vector)) > 0:
            found.setdefault(track, []).append(vector)
    return {track: _mean(vectors) for track, vectors in found.items()}


def packed(vector: Floats) -> bytes:
    """As ``TrackVector.vector`` is stored."""
    return vector.astype("<f2").tobytes()


def _mean(vectors: Sequence[Floats]) -> tuple[Floats, float]:
    norms = [float(np.linalg.norm(vector)) for vector in vectors]
    weights = np.array([weight(norm) for norm in norms])
    return middle(np.stack(vectors), weights), max(norms)


def _write(vectors: dict[int, tuple[Floats, float]], engine: str) -> int:
    """Of tracks that are still there."""
    take_turn()
    there = Track.objects.filter(pk__in=vectors).select_for_update(no_key=True).order_by("pk")
    identities = dict(there.values_list("pk", "identity_id"))
    TrackVector.objects.bulk_create(
        [
            TrackVector(track_id=pk, engine=engine, vector=packed(vectors[pk][0]),
                        norm=vectors[pk][1])
            for pk in identities
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    refresh_middles({one for one in identities.values() if one is not None})
    return len(identities)
