"""Giving new faces to the identities that they are nearest to."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.core.progress import Progress, silent
from apps.faces.engines import calibration
from apps.faces.grouping import Thresholds, for_size
from apps.faces.grouping.placing import Decided, Face, apart_of, decide
from apps.faces.models import FaceSettings, Identity
from apps.faces.services import identities as counting
from apps.faces.services import naming, vectors
from apps.faces.services.settings import settings_of_all
from apps.faces.services.vectors import Middle

_AT_ONCE = 200  # faces: their likenesses to 100,000 identities are 80 MB
_TRIES = 5

_WAITING = """
SELECT track.id, track.video_id, image.performer_id, track.times_ms, known.vector, known.norm
FROM faces_track track
LEFT JOIN faces_trackvector known ON known.track_id = track.id AND known.engine = %s
LEFT JOIN library_performerimage image ON image.id = track.image_id
WHERE track.id = ANY (%s) AND track.identity_id IS NULL AND track.verdict = ''
ORDER BY track.id
"""
_BARRED = """
SELECT row.track_id, row.identity_id FROM faces_rejection row WHERE row.track_id = ANY (%(ids)s)
UNION
SELECT one.id, other.identity_id FROM faces_track one
JOIN faces_track other ON other.video_id = one.video_id AND other.id <> one.id
    AND other.times_ms && one.times_ms
WHERE one.id = ANY (%(ids)s) AND other.identity_id IS NOT NULL
"""
_HOLD = """
SELECT identity.id, middle.vector, middle.length, middle.tracks
FROM faces_identity identity
LEFT JOIN faces_identityvector middle ON middle.identity_id = identity.id AND middle.engine = %s
WHERE identity.id = ANY (%s) AND identity.merged_into_id IS NULL AND NOT identity.opted_out
ORDER BY identity.id FOR UPDATE OF identity
"""
_PUT = """
WITH held AS MATERIALIZED (
    SELECT id FROM faces_track WHERE id = ANY (%(ids)s) ORDER BY id FOR NO KEY UPDATE
)
UPDATE faces_track track SET identity_id = wanted.identity, similarity = wanted.similarity,
    updated_at = now()
FROM unnest(%(ids)s::bigint[], %(identities)s::bigint[], %(likeness)s::float8[])
    wanted(id, identity, similarity) JOIN held USING (id)
WHERE track.id = wanted.id AND track.identity_id IS NULL AND track.verdict = ''
RETURNING track.id
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """How many faces joined somebody, began somebody new, or wait for a better picture."""

    joined: int = 0
    started: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _New:
    """A face that nobody has."""

    pk: int
    video: int | None
    performer: int | None  # whose picture it is in
    times_ms: frozenset[int]
    vector: NDArray[np.float32] | None
    norm: float


def place(track_ids: Collection[int], *, report: Progress = silent) -> Placed:
    """Give faces that nobody has, and of which nobody has spoken, to whom they are nearest to.

    A face joins the nearest identity that is alike enough, that it was not rejected from, and that
    no other face of the same moment has. If there is none it begins one, if it is clear enough, or
    waits. A performer's picture is the performer's. Then all are judged (``naming``), also those
    that were placed before. ``report`` counts faces.
    """
    wanted = sorted(set(track_ids))
    total: Counter[str] = Counter()
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        total += _place_some(some)
        report(first + len(some), len(wanted))
    if wanted:
        naming.judge(wanted)
    return Placed(**total)


@transaction.atomic
def _place_some(track_ids: Sequence[int]) -> Counter[str]:
    settings = settings_of_all()
    counting.take_turn()
    new = _waiting(track_ids, settings.engine)
    if not new:
        return Counter()
    gone: set[int] = set()
    for turn in range(_TRIES):
        if turn == _TRIES - 1:
            vectors.forget()  # too many were merged or wiped by others: all is read again
        decided = _decide(new, settings, gone)
        held = _hold(decided, settings.engine)
        lacking = {pk for pk, _ in decided.values() if pk is not None and pk > 0} - held.keys()
        if not lacking:
            return _write(new, decided, held, settings.engine)
        vectors.drop(settings.engine, lacking)
        gone |= lacking
    return Counter(waiting=len(new))


def _waiting(track_ids: Sequence[int], engine: str) -> list[_New]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [engine, list(track_ids)])
        rows = cursor.fetchall()
    return [
        _New(
            pk, video, performer, frozenset(times),
            None if raw is None else _unit(np.frombuffer(raw, "<f2").astype(np.float32)),
            norm or 0.0,
        )
        for pk, video, performer, times, raw, norm in rows
    ]  # fmt: skip


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit


def _decide(
    new: Sequence[_New], settings: FaceSettings, gone: set[int]
) -> dict[int, tuple[int | None, float]]:
    """Each face's identity, or the id of the face that begins a new one, below 0."""
    barred = _barred([each.pk for each in new])
    chosen: dict[int, tuple[int | None, float]] = {}
    own = _of_performers({each.performer for each in new if each.performer is not None})
    for each in new:
        if each.performer is not None:
            identity = own.get(each.performer)
            chosen[each.pk] = (None if identity in barred[each.pk] | gone else identity, 1.0)
    free = [each for each in new if each.performer is None and each.vector is not None]
    if free:
        stacked = np.stack([each.vector for each in free if each.vector is not None])
        gallery = vectors.matrix(settings.engine, width=stacked.shape[1])
        decided = decide(
            _faces(free, barred, gone), stacked, gallery.likeness(stacked), gallery.all_identities,
            thresholds_of(settings, gallery.faces),
        )  # fmt: skip
        chosen |= _named_by_face(free, decided)
    return chosen


def thresholds_of(settings: FaceSettings, faces: int) -> Thresholds:
    """For so many faces, by the engine in use, or as the settings say."""
    return for_size(
        faces, calibration(settings.engine), join=settings.join_similarity,
        merge=settings.merge_similarity,
    )  # fmt: skip


def _faces(new: Sequence[_New], barred: Mapping[int, frozenset[int]], gone: set[int]) -> list[Face]:
    moments = {
        number: (each.video, each.times_ms)
        for number, each in enumerate(new)
        if each.video is not None
    }
    apart = apart_of(moments)
    return [
        Face(each.norm, barred[each.pk] | gone, apart.get(number, frozenset()))
        for number, each in enumerate(new)
    ]


def _named_by_face(new: Sequence[_New], decided: Decided) -> dict[int, tuple[int | None, float]]:
    """New identities by the id of the face that begins them, below 0."""
    starts = [-new[number].pk for number in decided.starting]
    return {
        each.pk: (starts[-1 - identity] if identity is not None and identity < 0 else identity, how)
        for each, identity, how in zip(new, decided.chosen, decided.likeness, strict=True)
    }


def _barred(track_ids: Sequence[int]) -> Mapping[int, frozenset[int]]:
    barred: dict[int, frozenset[int]] = defaultdict(frozenset)
    with connection.cursor() as cursor:
        cursor.execute(_BARRED, {"ids": list(track_ids)})
        for track, identity in cursor.fetchall():
            barred[track] |= {identity}
    return barred


def _of_performers(performers: set[int]) -> dict[int, int]:
    """Performers' identities, which are made if there are none."""
    if not performers:
        return {}
    Identity.objects.bulk_create(
        [Identity(performer_id=pk) for pk in sorted(performers)], ignore_conflicts=True
    )
    rows = Identity.objects.filter(performer__in=performers)
    return dict(rows.values_list("performer_id", "pk"))


def _hold(chosen: Mapping[int, tuple[int | None, float]], engine: str) -> dict[int, Middle | None]:
    """The identities that faces come to, held; without those that are gone or take no faces."""
    wanted = sorted({pk for pk, _ in chosen.values() if pk is not None and pk > 0})
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [engine, wanted])
        rows = cursor.fetchall()
    return {
        pk: raw and Middle(pk, engine, np.frombuffer(raw, "<f4"), length, tracks)
        for pk, raw, length, tracks in rows
    }


def _write(
    new: Sequence[_New],
    chosen: Mapping[int, tuple[int | None, float]],
    held: Mapping[int, Middle | None],
    engine: str,
) -> Counter[str]:
    starting = sorted({-pk for pk, _ in chosen.values() if pk is not None and pk < 0})
    made = Identity.objects.bulk_create([Identity() for _ in starting])
    pk_of = {-track: row.pk for track, row in zip(starting, made, strict=True)}
    going = {
        track: (pk_of.get(pk, pk), how) for track, (pk, how) in chosen.items() if pk is not None
    }
    put = _put(going)
    _write_middles([each for each in new if each.pk in put], going, held, engine)
    counting.recount({going[pk][0] for pk in put})
    started = len(put & set(starting))
    return Counter(joined=len(put) - started, started=started, waiting=len(new) - len(put))


def _put(going: Mapping[int, tuple[int, float]]) -> set[int]:
    """Those that nobody else has moved or judged meanwhile."""
    if not going:
        return set()
    ids = sorted(going)
    identities, likeness = zip(*(going[pk] for pk in ids), strict=True)
    with connection.cursor() as cursor:
        wanted = {"ids": ids, "identities": list(identities), "likeness": list(likeness)}
        cursor.execute(_PUT, wanted)
        return {pk for (pk,) in cursor.fetchall()}


def _write_middles(
    put: Sequence[_New],
    going: Mapping[int, tuple[int, float]],
    held: Mapping[int, Middle | None],
    engine: str,
) -> None:
    """Means with what came; not read again from all faces."""
    least = calibration(engine).join_norm
    sums: dict[int, tuple[NDArray[np.float32], int]] = {}
    for each in put:
        if each.vector is None or each.norm < least:
            continue
        identity = going[each.pk][0]
        if identity not in sums:
            old = held.get(identity)
            sums[identity] = (old.vector * (old.length * old.tracks), old.tracks) if old else (
                np.zeros_like(each.vector), 0
            )  # fmt: skip
        total, count = sums[identity]
        sums[identity] = (total + each.vector, count + 1)
    middles = []
    for identity, (total, count) in sums.items():
        length = float(np.linalg.norm(total))
        middles.append(Middle(identity, engine, _unit(total), min(1.0, length / count), count))
    vectors.write_rows(middles)
