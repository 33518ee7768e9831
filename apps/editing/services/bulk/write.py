"""Writing a plan: each video once, the links beside, and what the audit keeps of every row."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.core import audit, context
from apps.core.models import AuditAction, AuditEntry
from apps.core.progress import Guard, Progress, silent
from apps.editing.services.bulk.fields import (
    FIELDS,
    PERFORMERS,
    STUDIO,
    TAGS,
    Field,
    LinkField,
)
from apps.editing.services.bulk.plan import PLAN, Plan, json_object
from apps.library.models import Video

_AT_ONCE = 10_000
# Tells the triggers on links, studios and videos that what they keep in step is written here: a
# video's row is written once, and a label's not once for each portion of links.
_BY_HAND = "SELECT set_config('mediahub.bulk', %s, true)"

_FOUND_BY = (TAGS, PERFORMERS, STUDIO)
Counts = Mapping[LinkField, Counter[int]]  # of labels: on how many more videos they are


@contextmanager
def all_or_nothing(guard: Guard) -> Iterator[None]:
    """One transaction, however many videos: what is killed in it has changed nothing, and a job
    that is tried again finds what it found before, so that nobody has to remember how far it came.

    The guard is entered at the end, for it holds the job's row, which its heart has to write.
    """
    with transaction.atomic():
        yield
        with guard():
            pass


def write_whole(
    plan: Plan, summary: Mapping[str, list[Any]], *, report: Progress = silent
) -> AuditEntry:
    """Make what the plan says so, inside a transaction that holds its videos. ``report`` counts
    videos."""
    entry = begin_entry(plan.fields, summary, count=plan.count)
    count(plan, write(plan, entry.pk, report=report))
    return entry


def begin_entry(fields: list[Field], summary: Mapping[str, list[Any]], *, count: int) -> AuditEntry:
    """The audit's entry of an edit of so many videos."""
    actor = context.current()
    entry = AuditEntry(
        action=AuditAction.CHANGED, object_type=Video._meta.label_lower, object_id=0,
        object_name=_named(count), row_count=count,
        changes={name: pair for name, pair in summary.items() if FIELDS[name] in fields},
        user_id=actor.user_id, job_id=actor.job_id, request_id=actor.request_id,
    )  # fmt: skip
    audit.record([entry])
    return entry


def add_to_entry(entry: AuditEntry, *, count: int) -> AuditEntry:
    """Have the entry of an edit that was killed be of so many videos more than it has rows."""
    entry.row_count = entry.rows.count() + count
    entry.object_name = _named(entry.row_count)
    entry.save(update_fields=["row_count", "object_name"])
    return entry


def _named(count: int) -> str:
    return f"{count:,} {'video' if count == 1 else 'videos'}"


def write(plan: Plan, entry_id: int, *, report: Progress = silent) -> Counts:
    """All of a plan but the counts on labels, which are what it answers."""
    counts: dict[LinkField, Counter[int]] = {}
    parts = [(first, min(first + _AT_ONCE, plan.count)) for first in range(0, plan.count, _AT_ONCE)]
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, ["on"])
        for first, last in parts:
            report(first, plan.count)
            cursor.execute(_rows(plan), [entry_id, first, last])
            cursor.execute(_videos(plan), [timezone.now(), first, last])
            if found_by := _found_by(plan):
                cursor.execute(found_by, [first, last])
        for first, last in parts:
            report(plan.count, plan.count)
            for field, more, statement in _links(plan):
                cursor.execute(statement, [first, last])
                counted = counts.setdefault(field, Counter())
                for label, links in cursor.fetchall():
                    counted[label] += more * links
        cursor.execute(_BY_HAND, [""])
    return counts


def count(plan: Plan, counts: Counts) -> None:
    """Write what others wait for most: the rows of labels, in the order of their ids, so that two
    edits of the same ones don't wait for each other."""
    with connection.cursor() as cursor:
        for field, counted in counts.items():
            if more := {label: links for label, links in counted.items() if links}:
                cursor.execute(_hold(field), [[*more]])
                cursor.execute(_add(field), [[*more], [*more.values()]])
        if STUDIO in plan.fields:
            cursor.execute(_STUDIO_COUNTS)


def _rows(plan: Plan) -> str:
    """One AuditRow for each video: what changed, and who had given the values before."""
    pairs = []
    for field in plan.fields:
        one = f"to_jsonb(plan.{field.name}_old), to_jsonb(plan.{field.name}_new)"
        if isinstance(field, LinkField):
            one = f"to_jsonb({field.gone}), to_jsonb({field.come})"
        pairs.append((field.name, field.changed, f"jsonb_build_array({one})"))
    pairs.append(("provenance", "true", "jsonb_build_array(plan.marks_old, plan.marks_new)"))
    return (
        "INSERT INTO core_auditrow (entry_id, object_id, changes)"  # noqa: S608 - of constants
        f" SELECT %s, plan.id, {json_object(pairs)}"
        f" FROM {PLAN} plan WHERE plan.n > %s AND plan.n <= %s ORDER BY plan.n"
    )


def _videos(plan: Plan) -> str:
    columns = "".join(f"{field.column} = plan.{field.name}_new, " for field in plan.fields)
    return (
        f"UPDATE library_video video SET {columns}"  # noqa: S608 - of constants
        " version = version + 1, updated_at = %s,"
        " provenance = (provenance - plan.unmarked) || plan.marks_new"
        f" FROM {PLAN} plan WHERE video.id = plan.id AND plan.n > %s AND plan.n <= %s"
    )


def _found_by(plan: Plan) -> str:
    """What videos are found by; empty if the plan changes none of it."""
    columns = [f"{one.column} = plan.{one.name}_new" for one in plan.fields if one in _FOUND_BY]
    if not columns:
        return ""
    return (
        f"UPDATE library_videolabels labels SET {', '.join(columns)}"  # noqa: S608 - of constants
        f" FROM {PLAN} plan WHERE labels.video_id = plan.id AND plan.n > %s AND plan.n <= %s"
    )


def _links(plan: Plan) -> Iterator[tuple[LinkField, int, str]]:
    """Statements that take and make links, and how many they were by label."""
    for field in plan.fields:
        if isinstance(field, LinkField):
            for more, statement in ((-1, _unlink(field)), (1, _link(field))):
                yield field, more, _COUNTED.format(statement=statement, label=field.label)


_COUNTED = """
WITH done AS ({statement} RETURNING {label}) SELECT {label}, count(*) FROM done GROUP BY {label}
"""
_LABELS = "SELECT plan.id, label FROM {plan} plan, unnest({ids}) label WHERE n > %s AND n <= %s"


def _unlink(field: LinkField) -> str:
    gone = _LABELS.format(plan=PLAN, ids=field.gone)
    return (
        f"DELETE FROM {field.links} link USING ({gone}) gone"  # noqa: S608 - of constants
        f" WHERE link.video_id = gone.id AND link.{field.label} = gone.label"
    )


def _link(field: LinkField) -> str:
    come = _LABELS.format(plan=PLAN, ids=field.come)
    return (
        f"INSERT INTO {field.links} (video_id, {field.label}) {come}"
        " ORDER BY plan.id, label ON CONFLICT DO NOTHING"
    )


def _hold(field: LinkField) -> str:
    return f"SELECT FROM {field.labels} WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE"


def _add(field: LinkField) -> str:
    return (
        f"UPDATE {field.labels} label SET video_count = label.video_count + counted.more"  # noqa: S608
        " FROM unnest(%s::bigint[], %s::int[]) counted(id, more) WHERE label.id = counted.id"
    )


_STUDIO_COUNTS = f"""
UPDATE library_studio studio SET video_count = studio.video_count + counted.more
FROM (
    SELECT id, sum(more) AS more
    FROM (
        SELECT studio_old AS id, -1 AS more FROM {PLAN} WHERE studio_old IS NOT NULL
        UNION ALL SELECT studio_new, 1 FROM {PLAN} WHERE studio_new IS NOT NULL
    ) each GROUP BY id HAVING sum(more) <> 0 ORDER BY id
) counted
WHERE counted.id = studio.id
"""  # noqa: S608 - of constants
