"""The statements of a change: as many for a million faces as for one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from apps.core import audit, context
from apps.core.models import AuditAction, AuditEntry, AuditRow
from apps.faces.choices import ChangeKind
from apps.faces.models import Apart, FaceChange, Identity, Move
from apps.faces.services.changes.wanted import Pairs, State, States
from apps.faces.services.identities import take_turn

FIELDS = ("performer", "ignored", "settled", "merged_into")  # of identities, that changes give
_MOST_ROWS = 1_000  # identities of which the audit tells one by one

_AT_ONCE = 50_000  # faces: of a million the rows of all would fill hundreds of megabytes

Known = dict[int, State]
_WHERE = """
SELECT DISTINCT identity_id FROM faces_track WHERE id = ANY (%s) AND identity_id IS NOT NULL
"""
_STATES = """
SELECT id, identity_id, verdict, verdict_by_id, verdict_at FROM faces_track WHERE id = ANY (%s)
ORDER BY id
"""
_HOLD = "FOR UPDATE"
_REJECTED = """
SELECT row.track_id, row.identity_id FROM unnest(%s::bigint[], %s::bigint[]) going(track, identity)
JOIN faces_rejection row ON row.track_id = going.track AND row.identity_id = going.identity
"""
_MOVE = """
UPDATE faces_track track SET identity_id = wanted.identity, verdict = wanted.verdict,
    verdict_by_id = wanted.by, verdict_at = wanted.at, updated_at = %s,
    similarity = CASE WHEN track.identity_id IS NOT DISTINCT FROM wanted.identity
        THEN track.similarity END
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[])
    wanted(id, identity, verdict, by, at)
WHERE track.id = wanted.id
"""


def hold_identities(ids: Iterable[int]) -> dict[int, Identity]:
    """Locked in the order of their ids, in one's turn."""
    take_turn()
    rows = Identity.objects.filter(pk__in=sorted(set(ids))).order_by("pk").select_for_update()
    return {row.pk: row for row in rows}


def identities_of(tracks: Sequence[int]) -> set[int]:
    """With whom faces are."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for first in range(0, len(tracks), _AT_ONCE):
            cursor.execute(_WHERE, [list(tracks[first : first + _AT_ONCE])])
            found.update(pk for (pk,) in cursor.fetchall())
    return found


def states(tracks: Sequence[int], *, hold: bool = True) -> Known:
    """By id, those that are there. Equal ones are one object. Held in the order given."""
    known: Known = {}
    once = States()
    with connection.cursor() as cursor:
        for first in range(0, len(tracks), _AT_ONCE):
            cursor.execute(_STATES + _HOLD * hold, [list(tracks[first : first + _AT_ONCE])])
            known.update((pk, once[tuple(values)]) for pk, *values in cursor.fetchall())
    return known


def rejected(after: Known) -> set[tuple[int, int]]:
    """What of it a person has forbidden: faces, and to whom they would go."""
    going = [(pk, state.identity) for pk, state in after.items() if state.identity is not None]
    if not going:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_REJECTED, [list(each) for each in zip(*going, strict=True)])
        return set(cursor.fetchall())


def write_moves(after: Mapping[int, State], *, now: datetime) -> None:
    if not after:
        return
    ids = sorted(after)
    columns = [[getattr(after[pk], name) for pk in ids] for name in State.__dataclass_fields__]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [now, ids, *columns])


def write_identities(rows: Mapping[int, Identity], wanted: Mapping[int, Mapping[str, Any]]) -> None:
    """Give fields, by as many statements as there are different sets of values.

    A performer is first taken from whoever has it, who may come after whoever gets it.
    """
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for pk, values in wanted.items():
        alike[tuple(sorted(values.items()))].append(pk)
    losing = [pk for pk, values in wanted.items() if "performer" in values]
    if losing:
        Identity.objects.filter(pk__in=losing).update(performer=None)
    for same, ids in alike.items():
        columns = {f"{name}_id" if name in _REFERS else name: value for name, value in same}
        Identity.objects.filter(pk__in=ids).update(version=F("version") + 1, **columns)
        for pk in ids:
            for column, value in columns.items():
                setattr(rows[pk], column, value)


_REFERS = ("performer", "merged_into")


def value_of(row: Identity, field: str) -> Any:
    return getattr(row, f"{field}_id" if field in _REFERS else field)


def write_rejections(pairs: Pairs) -> Pairs:
    """What of it wasn't so already. Two statements, or three."""
    added, removed = list(pairs.add), list(pairs.remove)
    with connection.cursor() as cursor:
        if removed:
            cursor.execute(
                "DELETE FROM faces_rejection row"
                " USING unnest(%s::bigint[], %s::bigint[]) gone(a, b)"
                " WHERE row.track_id = gone.a AND row.identity_id = gone.b"
                " RETURNING row.track_id, row.identity_id",
                [list(each) for each in zip(*removed, strict=True)],
            )
            removed = cursor.fetchall()
        if added:
            cursor.execute(
                "INSERT INTO faces_rejection (track_id, identity_id, by_id, at)"
                " SELECT a, b, %s, now() FROM unnest(%s::bigint[], %s::bigint[]) come(a, b)"
                " ORDER BY a, b ON CONFLICT DO NOTHING RETURNING track_id, identity_id",
                [context.current().user_id, *(list(each) for each in zip(*added, strict=True))],
            )
            added = cursor.fetchall()
    return Pairs(tuple(added), tuple(removed))


def write_aparts(pairs: Pairs) -> Pairs:
    """What of it wasn't so already."""
    wanted = {(min(pair), max(pair)) for pair in pairs.add}
    gone = {(min(pair), max(pair)) for pair in pairs.remove}
    ids = {pk for pair in wanted | gone for pk in pair}
    if not ids:
        return Pairs()
    rows = Apart.objects.filter(first__in=ids, second__in=ids)
    there = {(row.first_id, row.second_id): row.pk for row in rows}
    Apart.objects.filter(pk__in=[there[pair] for pair in gone & there.keys()]).delete()
    new = sorted(wanted - there.keys())
    Apart.objects.bulk_create(Apart(first_id=one, second_id=other) for one, other in new)
    return Pairs(tuple(new), tuple(sorted(gone & there.keys())))


def keep_moves(change: FaceChange, before: Known, after: Known) -> None:
    together: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pk, state in after.items():
        was = before[pk]
        together[was.identity, state.identity, was.verdict, state.verdict].append(pk)
    Move.objects.bulk_create(
        [
            Move(
                change=change, tracks=sorted(tracks), source=source, target=target,
                verdict_before=one, verdict_after=other,
            )
            for (source, target, one, other), tracks in together.items()
        ],
        batch_size=1_000,
    )  # fmt: skip


def given_by(known: Known, tracks: Iterable[int]) -> list[list[Any]]:
    """Who gave verdicts and when, as JSON: ``[[tracks, user, time], …]``."""
    alike: dict[tuple[Any, Any], list[int]] = defaultdict(list)
    for pk in sorted(tracks):
        if known[pk].verdict:
            alike[known[pk].by, known[pk].at].append(pk)
    return [[ids, by, at and at.isoformat()] for (by, at), ids in alike.items()]


def keep_entry(
    kind: ChangeKind, *, tracks: int, rows: Mapping[int, Mapping[str, list[Any]]],
    names: Mapping[int, str], said: Mapping[str, list[Any]],
) -> AuditEntry:  # fmt: skip
    """The audit's, with what became of each identity unless they are too many."""
    actor = context.current()
    what = f"{tracks:,} face{'' if tracks == 1 else 's'}"
    if not tracks:
        what = " and ".join(sorted(names.values())[:2]) or "faces"
    entry = AuditEntry(
        action=AuditAction.CHANGED, object_type=Identity._meta.label_lower, object_id=0,
        object_name=f"{what} {ChangeKind(kind).label}"[:300], changes=dict(said),
        row_count=max(1, tracks), user_id=actor.user_id, job_id=actor.job_id,
        request_id=actor.request_id,
    )  # fmt: skip
    audit.record([entry])
    if len(rows) <= _MOST_ROWS:
        AuditRow.objects.bulk_create(
            AuditRow(entry=entry, object_id=pk, changes=dict(changes))
            for pk, changes in rows.items()
            if changes
        )
    return entry
