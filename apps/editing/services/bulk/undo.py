"""Taking a bulk edit back as a whole: what was changed again since stays, or is asked about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from apps.core.changes import column_of, name_rows
from apps.core.models import AuditEntry
from apps.core.progress import Guard, Progress, silent
from apps.core.undo import (
    Contested,
    Foreseen,
    Sample,
    Undone,
    many_changed_since,
    nothing_to_undo,
)
from apps.editing.services.bulk.backwards import CONTESTED, backwards
from apps.editing.services.bulk.edit import pairs_of
from apps.editing.services.bulk.fields import FIELDS, STUDIO, Field, LinkField
from apps.editing.services.bulk.hands import Hand, hands, in_turn
from apps.editing.services.bulk.plan import PLAN, Plan, held, make
from apps.editing.services.bulk.selection import listed

_SAMPLES = _MOST_NAMED = 10
Gone = Mapping[str, list[int]]


@transaction.atomic
def foresee_undo(entry: AuditEntry) -> Foreseen:
    """What an undo would do, and what stands against it; nothing is written."""
    gone = _gone(entry)
    with _staged(entry) as there, _planned(entry, gone, Contested.OVERWRITE) as plan:
        contested = _count_contested()
        return Foreseen(
            changed=plan.count,
            contested=contested,
            samples=_samples(plan.fields, conflicts=False),
            conflicts=_samples(plan.fields, conflicts=True) if contested else [],
            lost=_lost(entry, gone, there),
        )


def undo_bulk(
    entry: AuditEntry,
    contested: Contested = Contested.REFUSE,
    *,
    report: Progress = silent,
    guard: Guard = nullcontext,
    shared: bool = False,
    but: AuditEntry | None = None,
) -> Undone:
    """Give all videos of the entry back what it changed, under an entry of its own.

    Of sets just what was added is taken and what was removed is added again. Values that were
    changed again since are refused, overwritten or kept. The provenance is as it was, too.
    ``report`` counts videos; ``shared`` and ``but`` are as of ``apply``. Raises NotUndoable,
    ChangedSince.
    """
    back = {name: [new, old] for name, (old, new) in entry.changes.items()}

    def edit(*, shared: bool, but: AuditEntry | None) -> Undone:
        gone: dict[str, list[int]] = {}
        make = partial(Hand, partial(_planned, entry, gone, contested), _look, but)
        with hands(partial(_staged, entry), make, guard=guard, shared=shared) as all_of_them:
            gone |= _gone(entry)
            seen = all_of_them.plan()
            count = sum(each.contested for each in seen)
            if contested is Contested.REFUSE and count and not but:
                raise many_changed_since(count, [row for each in seen for row in each.conflicts])
            lost = _lost(entry, gone, all_of_them.matched)
            if not any(each.changed for each in seen) and not but:
                raise nothing_to_undo(lost)
            return Undone(all_of_them.write(back, report=report), lost)

    return in_turn(edit, shared=shared, but=but)


@dataclass(frozen=True, slots=True)
class _Seen:
    changed: int
    contested: int
    conflicts: list[Sample]


def _look(plan: Plan) -> _Seen:
    count = _count_contested()
    conflicts = _samples(plan.fields, conflicts=True) if count else []
    return _Seen(plan.count, count, conflicts)


@contextmanager
def _staged(entry: AuditEntry) -> Iterator[int]:
    """The entry's videos that are still there, chosen; and how many they are."""
    sql = "SELECT object_id FROM core_auditrow JOIN library_video ON library_video.id = object_id"
    with listed(f"{sql} WHERE entry_id = %s", [entry.pk]) as count:
        yield count


@contextmanager
def _planned(entry: AuditEntry, gone: Gone, contested: Contested) -> Iterator[Plan]:
    fields = [field for name, field in FIELDS.items() if name in entry.changes]
    make(backwards(entry.pk, fields, gone, force=contested is Contested.OVERWRITE))
    with held(fields) as plan:
        yield plan


def _gone(entry: AuditEntry) -> dict[str, list[int]]:
    """The labels that videos would get back, but that were deleted since; others are kept until
    the transaction ends."""
    gone = {}
    with connection.cursor() as cursor:
        for name in entry.changes:
            if table := _LABELS.get(name):
                cursor.execute(_WANTED.format(name=name, table=table), [entry.pk])
                rows = cursor.fetchall()
                gone[name] = [pk for pk, there in rows if not there]
                ids = [pk for pk, there in rows if there]
                keep = f"SELECT FROM {table} WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE"
                cursor.execute(keep, [ids])
    return gone


_LABELS = {f.name: f.labels for f in FIELDS.values() if isinstance(f, LinkField)} | {
    STUDIO.name: "library_studio"
}
# of a set the first value holds several ids, of a column one or null
_WANTED = """
SELECT wanted.id, EXISTS (SELECT FROM {table} WHERE {table}.id = wanted.id)
FROM (
    SELECT DISTINCT (past #>> '{{}}')::bigint AS id
    FROM core_auditrow,
        jsonb_path_query(changes, 'lax $.{name}[0][*] ? (@ != null)') past
    WHERE entry_id = %s
) wanted ORDER BY 1
"""


def _lost(entry: AuditEntry, gone: Gone, there: int) -> list[str]:
    """What doesn't come back, in words."""
    lost = []
    for name, ids in gone.items():
        if ids:
            column = column_of(entry.object_type, name)
            named = ", ".join(name_rows(column.related_model, ids))
            more = len(ids) - _MOST_NAMED
            named += f" and {more:,} more" if more > 0 else ""
            lost.append(f"{column.verbose_name} {named}")
    if missing := entry.row_count - there:
        lost.append(f"{missing:,} of the videos, deleted since")
    return lost


def _count_contested() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {PLAN} WHERE {CONTESTED} <> '{{}}'")  # noqa: S608
        return int(cursor.fetchone()[0])


def _samples(fields: list[Field], *, conflicts: bool) -> list[Sample]:
    """Some videos, with what they have now and what they would get back."""
    columns = ", ".join(f"plan.{field.name}_old, plan.{field.name}_new" for field in fields)
    where = f"plan.{CONTESTED} <> '{{}}'" if conflicts else "true"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT plan.id, video.title, plan.{CONTESTED}, {columns}"  # noqa: S608 - of constants
            f" FROM {PLAN} plan JOIN library_video video USING (id)"
            f" WHERE {where} ORDER BY plan.n LIMIT {_SAMPLES}"
        )
        return [
            Sample(pk, title, pairs_of(fields, values), tuple(contested))
            for pk, title, contested, *values in cursor.fetchall()
        ]
