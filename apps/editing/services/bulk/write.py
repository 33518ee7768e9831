"""Writing a plan: each video once, the links beside, and what the audit keeps of every row."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.core import audit, context
from apps.core.models import AuditAction, AuditEntry
from apps.core.progress import Progress, silent
from apps.editing.services.bulk.fields import FIELDS, STUDIO, LinkField
from apps.editing.services.bulk.plan import PLAN, Plan, json_object
from apps.library.models import Video

_AT_ONCE = 10_000
# Tells the triggers on links and studios that the columns and counts that they keep in step are
# written here: a video's row is written once, and a studio's not once for each video.
_BY_HAND = "SELECT set_config('mediahub.bulk', %s, true)"


Guard = Callable[[], AbstractContextManager[None]]


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


def write(plan: Plan, summary: dict[str, list[Any]], *, report: Progress = silent) -> AuditEntry:
    """Make what the plan says so, inside a transaction that holds its videos.

    ``report`` counts videos. What others wait for most, the counts on labels, is written last.
    """
    entry = _begin_entry(plan, summary)
    parts = [(first, min(first + _AT_ONCE, plan.count)) for first in range(0, plan.count, _AT_ONCE)]
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, ["on"])
        for first, last in parts:
            report(first, plan.count)
            cursor.execute(_rows(plan), [entry.pk, first, last])
            cursor.execute(_videos(plan), [timezone.now(), first, last])
        for field in plan.fields:
            if isinstance(field, LinkField):
                cursor.execute(_hold_labels(field))
        for first, last in parts:
            report(plan.count, plan.count)
            for statement in _links(plan):
                cursor.execute(statement, [first, last])
        if STUDIO in plan.fields:
            cursor.execute(_STUDIO_COUNTS)
        cursor.execute(_BY_HAND, [""])
    return entry


def _begin_entry(plan: Plan, summary: dict[str, list[Any]]) -> AuditEntry:
    actor = context.current()
    videos = "video" if plan.count == 1 else "videos"
    entry = AuditEntry(
        action=AuditAction.CHANGED, object_type=Video._meta.label_lower, object_id=0,
        object_name=f"{plan.count:,} {videos}", row_count=plan.count, user_id=actor.user_id,
        changes={name: pair for name, pair in summary.items() if FIELDS[name] in plan.fields},
        job_id=actor.job_id, request_id=actor.request_id,
    )  # fmt: skip
    audit.record([entry])
    return entry


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


def _hold_labels(field: LinkField) -> str:
    """In the order of their ids, before any is counted: else two edits of many labels, in whose
    portions these come in different orders, would wait for each other."""
    return (
        f"SELECT count(*) FROM (SELECT FROM {field.labels} WHERE id IN (SELECT label FROM"  # noqa: S608 - of constants
        f" (SELECT DISTINCT {field.name}_old, {field.name}_new FROM {PLAN} plan"
        f" WHERE {field.changed}) plan, unnest({field.gone} || {field.come}) label)"
        " ORDER BY id FOR NO KEY UPDATE) held"
    )


def _links(plan: Plan) -> list[str]:
    statements = []
    for field in plan.fields:
        if isinstance(field, LinkField):
            statements += [_unlink(field), _link(field)]
    return statements


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
