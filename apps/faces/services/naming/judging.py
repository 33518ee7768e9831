"""Writing down who faces may be, as the machine sees it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from apps.core.progress import Progress, silent
from apps.faces.choices import Band, Verdict
from apps.faces.engines.calibration import calibration
from apps.faces.models import Identity, Rejection, Track, TrackVector
from apps.faces.services.identities import take_turn
from apps.faces.services.naming.cast import casts_of
from apps.faces.services.naming.gallery import Gallery, gallery
from apps.faces.services.naming.weighing import Candidate, Levels, Weighed, weigh
from apps.faces.services.settings import settings_of_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KEPT = [field.name for field in fields(Candidate) if field.name != "name"]
_AT_ONCE = 500  # faces: their likenesses to 20,000 others are 40 MB
WRITE = """
UPDATE faces_track track SET band = wanted.band, candidates = wanted.candidates
FROM unnest(%(faces)s::bigint[], %(bands)s::text[], %(candidates)s::jsonb[])
    wanted(id, band, candidates)
WHERE track.id = wanted.id AND track.verdict = ''
    AND (track.band, track.candidates) IS DISTINCT FROM (wanted.band, wanted.candidates)
"""
FORGET = """
UPDATE faces_track SET band = 'unknown', candidates = '[]'
WHERE id = ANY (%(judged)s) AND verdict <> '' AND (band <> 'unknown' OR candidates <> '[]')
"""
# Whom a person said that a face isn't, and who is somebody else in the same picture
BARRED = """
SELECT said.track_id, said.identity_id, identity.performer_id
FROM faces_rejection said JOIN faces_identity identity ON identity.id = said.identity_id
WHERE said.track_id = ANY (%(faces)s)
UNION
SELECT one.id, other.identity_id,
    CASE WHEN other.verdict = 'confirmed' THEN identity.performer_id END
FROM faces_track one
JOIN faces_track other ON other.video_id = one.video_id AND other.id <> one.id
    AND other.times_ms && one.times_ms
JOIN faces_identity identity ON identity.id = other.identity_id
WHERE one.id = ANY (%(faces)s)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A face of which nobody has spoken, and what there is to know of it."""

    track: int
    video: int | None
    times_ms: frozenset[int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What faces are weighed by: the casts of their videos, whom they can't be, and the vectors (of
    length 1) of those of which enough can be told."""

    casts: Mapping[int, Collection[int]]
    barred: Mapping[int, set[int]]
    vectors: Mapping[int, "NDArray[np.float32]"]


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
    one_each(asked, weighed)
    take_turn()  # else two that judge the same faces may wait for each other
    with connection.cursor() as cursor:
        cursor.execute(f"{WRITE};{FORGET}", told_of(weighed, part))


def told_of(weighed: Mapping[int, Weighed], judged: Sequence[int]) -> dict[str, Any]:
    """What WRITE and FORGET are told: what was weighed of some of the faces that were judged."""
    faces = sorted(weighed)
    return {
        "faces": faces, "bands": [str(weighed[pk].band) for pk in faces],
        "candidates": [_said(weighed[pk].candidates) for pk in faces], "judged": list(judged),
    }  # fmt: skip


def _said(candidates: Sequence[Candidate]) -> str:
    """Without names, which may be others when they are read."""
    return json.dumps([{name: getattr(each, name) for name in _KEPT} for each in candidates])


def weigh_faces(asked: Sequence[Asked]) -> dict[int, Weighed]:
    """What is known of each; nothing is written."""
    settings = settings_of_all()
    levels = Levels.of(settings, calibration(settings.engine))
    known = gallery(settings.engine, join_norm=levels.calibration.join_norm)
    if not asked or not known.size:
        return weigh_by(asked, Facts({}, {}, {}), known, levels)
    tracks = [each.track for each in asked]
    facts = Facts(
        casts_of({each.video for each in asked if each.video is not None}), _barred(tracks),
        _vectors(settings.engine, tracks, levels),
    )  # fmt: skip
    return weigh_by(asked, facts, known, levels)


def weigh_by(
    asked: Sequence[Asked], facts: Facts, known: Gallery, levels: Levels
) -> dict[int, Weighed]:
    """As ``weigh_faces``, by what is given: without a statement."""
    import numpy as np

    from apps.faces.services.vectors import products

    weighed = {each.track: Weighed(Band.UNKNOWN, []) for each in asked}
    told = [each for each in asked if each.track in facts.vectors]
    if not known.size or not told:
        return weighed
    stacked = np.stack([facts.vectors[each.track] for each in told])
    for each, likeness in zip(told, products(stacked, known.vectors), strict=True):
        barred = facts.barred.get(each.track, set())
        cast = set(facts.casts.get(each.video or 0, ())) - barred
        weighed[each.track] = weigh(likeness, known, levels, cast=cast, barred=barred)
    return weighed


def _vectors(
    engine: str, tracks: Sequence[int], levels: Levels
) -> dict[int, "NDArray[np.float32]"]:
    import numpy as np

    rows = TrackVector.objects.filter(
        track__in=tracks, engine=engine, norm__gte=levels.calibration.join_norm
    ).values_list("track_id", "vector")
    found = {pk: np.frombuffer(raw, dtype="<f2").astype(np.float32) for pk, raw in rows}
    return {pk: each / max(float(np.linalg.norm(each)), 1e-12) for pk, each in found.items()}


def _barred(tracks: Sequence[int]) -> Mapping[int, set[int]]:
    """Whom each face can't be. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(BARRED, {"faces": list(tracks)})
        return barred_performers(cursor.fetchall())


def barred_performers(rows: Iterable[tuple[int, int, int | None]]) -> Mapping[int, set[int]]:
    """The same, by what BARRED answered."""
    barred: dict[int, set[int]] = defaultdict(set)
    for track, _identity, performer in rows:
        if performer is not None:
            barred[track].add(performer)
    return barred


def one_each(asked: Sequence[Asked], weighed: dict[int, Weighed]) -> None:
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
