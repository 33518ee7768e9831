"""Writing down who faces may be, as the machine sees it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from apps.core.progress import Progress, silent
from apps.faces.choices import Band, Verdict
from apps.faces.engines.calibration import calibration
from apps.faces.models import Identity, Rejection, Track, TrackVector
from apps.faces.services.identities import take_turn
from apps.faces.services.naming.cast import casts_of
from apps.faces.services.naming.gallery import Gallery, gallery, names_of
from apps.faces.services.naming.weighing import Levels, Weighed, named, weigh
from apps.faces.services.settings import settings_of_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 500  # faces: their likenesses to 20,000 others are 40 MB
_WRITE = """
UPDATE faces_track track SET band = wanted.band, candidates = wanted.candidates
FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) wanted(id, band, candidates)
WHERE track.id = wanted.id AND track.verdict = ''
    AND (track.band, track.candidates) IS DISTINCT FROM (wanted.band, wanted.candidates)
"""
_FORGET = """
UPDATE faces_track SET band = 'unknown', candidates = '[]'
WHERE id = ANY (%s) AND verdict <> '' AND (band <> 'unknown' OR candidates <> '[]')
"""
# Who is somebody else in the same picture, since a person said so
_THERE = """
SELECT DISTINCT one.id, identity.performer_id
FROM faces_track one
JOIN faces_track other ON other.video_id = one.video_id AND other.id <> one.id
    AND other.verdict = 'confirmed' AND other.times_ms && one.times_ms
JOIN faces_identity identity ON identity.id = other.identity_id
WHERE one.id = ANY (%s) AND identity.performer_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A face of which nobody has spoken, and what there is to know of it."""

    track: int
    video: int | None
    times_ms: frozenset[int]


def judge(track_ids: Collection[int], *, report: Progress = silent) -> int:
    """Write down who faces may be: their candidates and band; how many were judged.

    Faces of which a person has spoken have none. A number of statements that doesn't grow with
    faces, for each 500 of them. ``report`` counts faces.
    """
    wanted = sorted(track_ids)
    for first in range(0, len(wanted), _AT_ONCE):
        report(first, len(wanted))
        _judge(wanted[first : first + _AT_ONCE])
    return len(wanted)


@transaction.atomic
def _judge(part: Sequence[int]) -> None:
    rows = Track.objects.in_videos().filter(pk__in=part, verdict=Verdict.NONE).order_by("pk")
    asked = [
        Asked(pk, video, frozenset(times))
        for pk, video, times in rows.values_list("pk", "video_id", "times_ms")
    ]
    weighed = weigh_faces(asked)
    _one_each(asked, weighed)
    names = names_of({c.performer_id for each in weighed.values() for c in each.candidates})
    ids = sorted(weighed)
    said = [json.dumps([asdict(c) for c in named(weighed[pk].candidates, names)]) for pk in ids]
    take_turn()  # else two that judge the same faces may wait for each other
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [ids, [str(weighed[pk].band) for pk in ids], said])
        cursor.execute(_FORGET, [list(part)])


def weigh_faces(asked: Sequence[Asked]) -> dict[int, Weighed]:
    """What is known of each; nothing is written."""
    settings = settings_of_all()
    levels = Levels.of(settings, calibration(settings.engine))
    known = gallery(settings.engine, join_norm=levels.calibration.join_norm)
    nothing = {each.track: Weighed(Band.UNKNOWN, []) for each in asked}
    if not asked or not known.size:
        return nothing
    casts = casts_of({each.video for each in asked if each.video is not None})
    barred = _barred([each.track for each in asked])
    by_track = {each.track: each for each in asked}
    for track, likeness in _likenesses(settings.engine, sorted(by_track), known, levels):
        cast = casts.get(by_track[track].video or 0, set())
        nothing[track] = weigh(
            likeness, known, levels, cast=cast - barred[track], barred=barred[track]
        )
    return nothing


def _likenesses(
    engine: str, tracks: Sequence[int], known: Gallery, levels: Levels
) -> Iterator[tuple[int, "NDArray[np.float32]"]]:
    """Of those faces of which enough can be told, to all that are known."""
    import numpy as np

    rows = list(
        TrackVector.objects.filter(
            track__in=tracks, engine=engine, norm__gte=levels.calibration.join_norm
        )
        .order_by("track_id")
        .values_list("track_id", "vector")
    )
    if not rows:
        return
    vectors = np.array([np.frombuffer(each, dtype="<f2") for _, each in rows], dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    for (track, _), likeness in zip(rows, vectors @ known.vectors.T, strict=True):
        yield track, likeness


def _barred(tracks: Sequence[int]) -> Mapping[int, set[int]]:
    """Whom each face can't be. Two statements."""
    barred: dict[int, set[int]] = defaultdict(set)
    said = Rejection.objects.filter(track__in=tracks, identity__performer__isnull=False)
    for track, performer in said.values_list("track_id", "identity__performer"):
        barred[track].add(performer)
    with connection.cursor() as cursor:
        cursor.execute(_THERE, [list(tracks)])
        for track, performer in cursor.fetchall():
            barred[track].add(performer)
    return barred


def _one_each(asked: Sequence[Asked], weighed: dict[int, Weighed]) -> None:
    """Nobody is seen twice at a time: the less alike of two faces of a moment is only likely."""
    sure: dict[tuple[int | None, int], list[Asked]] = defaultdict(list)
    by_likeness = sorted(
        (each for each in asked if weighed[each.track].band == Band.APPLIED),
        key=lambda each: (-weighed[each.track].candidates[0].similarity, each.track),
    )
    for each in by_likeness:
        first = weighed[each.track].candidates[0]
        there = sure[each.video, first.performer_id]
        if any(each.times_ms & other.times_ms for other in there):
            weighed[each.track] = Weighed(Band.SUGGESTED, weighed[each.track].candidates)
        else:
            there.append(each)


def rejected_of(identity: Identity) -> set[int]:
    """Performers of whom somebody said that a face of the identity is not them."""
    said = Rejection.objects.filter(track__identity=identity, identity__performer__isnull=False)
    return set(said.values_list("identity__performer", flat=True))
