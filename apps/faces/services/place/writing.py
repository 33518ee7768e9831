"""Writing down whose new faces are, and who they may be, by one round trip to the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from apps.faces.engines import calibration
from apps.faces.services import vectors
from apps.faces.services.naming import judging
from apps.faces.services.naming.weighing import Weighed
from apps.faces.services.place.deciding import Places
from apps.faces.services.place.reading import Face, Known
from apps.faces.services.place.trips import Statement, several
from apps.faces.services.vectors import Middle

# Identities before faces, each in the order of ids, as whoever removes videos holds them.
_HOLD = """
SELECT identity.id, middle.length, middle.tracks
FROM faces_identity identity LEFT JOIN faces_identityvector middle
    ON middle.identity_id = identity.id AND middle.engine = %(engine)s
WHERE identity.id = ANY (%(targets)s) AND identity.merged_into_id IS NULL
    AND NOT identity.opted_out
ORDER BY identity.id FOR UPDATE OF identity
"""
# A target below 0 is whom the face of that id begins, if it is still there.
_PUT = """
WITH held AS MATERIALIZED (
    SELECT id FROM faces_track WHERE id = ANY (%(ids)s) AND identity_id IS NULL AND verdict = ''
    ORDER BY id FOR NO KEY UPDATE
), starts AS MATERIALIZED (
    SELECT -held.id AS target, nextval(pg_get_serial_sequence('faces_identity', 'id')) AS id
    FROM held WHERE -held.id = ANY (%(targets)s) ORDER BY held.id
), begun AS (
    INSERT INTO faces_identity (id, created_at, updated_at, version, provenance, locked_fields,
        ignored, opted_out, settled, track_count, video_count, confirmed_count)
    SELECT id, now(), now(), 1, '{}', '{}', false, false, false, 0, 0, 0 FROM starts
), reached AS (
    SELECT target, id FROM starts
    UNION ALL
    SELECT id, id FROM faces_identity
    WHERE id = ANY (%(targets)s) AND merged_into_id IS NULL AND NOT opted_out
)
UPDATE faces_track track SET identity_id = reached.id, similarity = wanted.similarity,
    updated_at = now()
FROM unnest(%(ids)s::bigint[], %(targets)s::bigint[], %(likeness)s::float8[])
    wanted(id, target, similarity) JOIN held USING (id) JOIN reached USING (target)
WHERE track.id = wanted.id
RETURNING track.id, track.identity_id
"""
_MIDDLES = """
WITH wanted AS MATERIALIZED (
    SELECT COALESCE(begun.identity_id, standing.id) AS identity, %(engine)s AS engine,
        given.vector, given.length, given.tracks
    FROM unnest(%(middle_of)s::bigint[], %(vectors)s::bytea[], %(lengths)s::float8[],
        %(counts)s::int[]) given(target, vector, length, tracks)
    LEFT JOIN faces_track begun ON begun.id = -given.target
    LEFT JOIN faces_identity standing ON standing.id = given.target
        AND standing.merged_into_id IS NULL AND NOT standing.opted_out
    WHERE COALESCE(begun.identity_id, standing.id) IS NOT NULL
)"""
# What came is counted, instead of all: of somebody with thousands of faces that takes a while. A
# face that a person chose stays the best one as long as it is there.
_COUNT = """
WITH come AS (
    SELECT track.identity_id AS id, count(*) AS tracks,
        count(DISTINCT track.video_id) FILTER (WHERE NOT EXISTS (
            SELECT FROM faces_track other
            WHERE other.video_id = track.video_id AND other.identity_id = track.identity_id
                AND other.id <> ALL (%(ids)s)
        )) AS videos,
        (array_agg(track.id ORDER BY track.quality DESC, track.id))[1] AS best
    FROM faces_track track WHERE track.id = ANY (%(ids)s) AND track.identity_id IS NOT NULL
    GROUP BY track.identity_id
)
UPDATE faces_identity identity SET track_count = identity.track_count + come.tracks,
    video_count = identity.video_count + come.videos, updated_at = now(),
    tightness = COALESCE(middle.length, identity.tightness),
    best_id = CASE WHEN best.identity_id = identity.id AND (
        identity.settled OR (best.quality, -best.id) > (new.quality, -new.id)
    ) THEN best.id ELSE new.id END
FROM come JOIN faces_track new ON new.id = come.best
    JOIN faces_identity before ON before.id = come.id
    LEFT JOIN faces_track best ON best.id = before.best_id
    LEFT JOIN faces_identityvector middle ON middle.identity_id = come.id
        AND middle.engine = %(engine)s
WHERE identity.id = come.id
"""
_PLACING = (
    Statement.of("faces_place_hold", _HOLD, targets="bigint[]", engine="text"),
    Statement.of("faces_place_put", _PUT, ids="bigint[]", targets="bigint[]", likeness="float8[]"),
    Statement.of(
        "faces_place_middles", _MIDDLES + vectors.STORE, engine="text", middle_of="bigint[]",
        vectors="bytea[]", lengths="float8[]", counts="int[]",
    ),
    Statement.of("faces_place_count", _COUNT, ids="bigint[]", engine="text"),
)  # fmt: skip
_JUDGING = Statement.of(
    "faces_place_judge", judging.WRITE, faces="bigint[]", bands="text[]", candidates="jsonb[]"
)
_UNJUDGING = Statement.of("faces_place_unjudge", judging.FORGET, judged="bigint[]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose faces are to be, and what they were judged to be, unless that is done later."""

    places: Places
    weighed: Mapping[int, Weighed] | None


@dataclass(frozen=True, slots=True)
class Done:
    """What was written; ``left`` are faces that would have come to who is ``lacking``."""

    joined: int = 0
    started: int = 0
    left: list[int] = field(default_factory=list)
    lacking: frozenset[int] = frozenset()


def write(known: Known, wanted: Wanted) -> Done:
    """Have faces be with whom they were given to, as far as those are still there."""
    going = [each for each in known.new if wanted.places.get(each.pk, (None, 0))[0] is not None]
    targets = [_target(wanted.places, each) for each in going]
    middles = _middles(known, going, targets)
    statements = list(_PLACING) if going else []
    told = _placing(known, wanted.places, going, middles)
    if wanted.weighed is not None:
        statements += [
            _JUDGING,
            *([_UNJUDGING] if any(each.verdict for each in known.faces) else []),
        ]
        told |= judging.told_of(wanted.weighed, [each.pk for each in known.faces])
    answers = several(statements, told) if statements else []
    if not going:
        return Done()
    there = {pk: (length, tracks) for pk, length, tracks in answers[0]}
    put: dict[int, int] = dict(answers[1])
    _mend(known, zip(going, targets, strict=True), there, put)
    started = sum(1 for each, to in zip(going, targets, strict=True)
                  if to == -each.pk and each.pk in put)  # fmt: skip
    lacking = frozenset(to for to in targets if to > 0 and to not in there)
    left = [each.pk for each, to in zip(going, targets, strict=True) if to in lacking]
    return Done(len(put) - started, started, left, lacking)


def _target(places: Places, face: Face) -> int:
    return places[face.pk][0] or 0


def _placing(
    known: Known, places: Places, going: Sequence[Face], middles: Sequence[Middle]
) -> dict[str, Any]:
    return {
        "engine": known.settings.engine, "ids": [each.pk for each in going],
        "targets": [_target(places, each) for each in going],
        "likeness": [places[each.pk][1] for each in going],
        "middle_of": [each.identity for each in middles],
        "vectors": [each.vector.astype("<f4").tobytes() for each in middles],
        "lengths": [each.length for each in middles],
        "counts": [each.tracks for each in middles],
    }  # fmt: skip


def _middles(known: Known, going: Sequence[Face], targets: Sequence[int]) -> list[Middle]:
    """Means with what comes, by targets; not read again from all faces."""
    engine = known.settings.engine
    least = calibration(engine).join_norm
    sums: dict[int, tuple[Any, int]] = {}
    for each, target in zip(going, targets, strict=True):
        if each.vector is None or each.norm < least:
            continue
        if target not in sums:
            old = known.middle(target)
            sums[target] = (old.vector * (old.length * old.tracks), old.tracks) if old else (0.0, 0)
        total, count = sums[target]
        sums[target] = (total + each.vector, count + 1)
    middles = []
    for target, (total, count) in sorted(sums.items()):
        length = float(np.linalg.norm(total))
        unit = (total / max(length, 1e-12)).astype(np.float32)
        middles.append(Middle(target, engine, unit, min(1.0, length / count), count))
    return middles


def _mend(
    known: Known, ways: Iterable[tuple[Face, int]], there: Mapping[int, tuple[Any, Any]],
    put: Mapping[int, int],
) -> None:  # fmt: skip
    """Make middles anew that were reckoned with other faces than there are: one went with its video
    meanwhile, or what was known of an identity has gone."""
    wrong: set[int] = set()
    for face, target in ways:
        if face.pk not in put:
            wrong.update(pk for pk in (target,) if pk in there)
            continue
        old = known.middle(target)
        if target > 0 and there[target] != ((old.length, old.tracks) if old else (None, None)):
            wrong.add(put[face.pk])
    if wrong:
        vectors.write_middles(wrong, engines=[known.settings.engine])
