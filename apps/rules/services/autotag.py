"""Giving videos the labels whose names stand in their titles or paths."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from psycopg.types.json import Jsonb

from apps.core import audit
from apps.core.progress import Guard, Progress, silent
from apps.editing.services.bulk import Outcome
from apps.editing.services.bulk.edit import samples
from apps.editing.services.bulk.fields import PERFORMERS, STUDIO, TAGS, Field
from apps.editing.services.bulk.plan import Plan, Sql, held, json_object, make, old_marks
from apps.editing.services.bulk.selection import listed, lock_chosen
from apps.editing.services.bulk.write import all_or_nothing, write_whole
from apps.library.models import Video
from apps.rules.models import AutoTagSettings
from apps.rules.services.names import FOUND, KINDS, find

_FIELDS: tuple[Field, ...] = (TAGS, PERFORMERS, STUDIO)
_BUSIEST = 20

# A video's labels by kind; of several studios nobody can tell which made it.
_GAINS = f"""
    SELECT id,
        coalesce(array_agg(DISTINCT label_id) FILTER (WHERE kind = 'tag'), '{{}}') AS tags,
        coalesce(array_agg(DISTINCT label_id) FILTER (WHERE kind = 'performer'), '{{}}')
            AS performers,
        CASE WHEN count(DISTINCT label_id) FILTER (WHERE kind = 'studio') = 1
            THEN min(label_id) FILTER (WHERE kind = 'studio') END AS studio
    FROM {FOUND} GROUP BY id
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Finding:
    """What names came to, and which labels were found oftenest: kind, id, name, videos."""

    outcome: Outcome
    busiest: list[tuple[str, int, str, int]] = field(default_factory=list)


def settings_of_all() -> AutoTagSettings:
    """The one row, made when it is first asked for."""
    row, _ = AutoTagSettings.objects.get_or_create(pk=1)
    return row


@transaction.atomic
def foresee(videos: QuerySet[Video], settings: AutoTagSettings) -> Finding:
    """What ``auto_tag`` would do; nothing is written."""
    with _planned(videos, settings) as (matched, plan):
        return Finding(Outcome(matched, plan.count, samples(plan)), _busiest())


def auto_tag(
    videos: QuerySet[Video],
    settings: AutoTagSettings,
    *,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Finding:
    """Add labels to the videos in which their names are found, under one audit entry.

    Nothing is taken away, a studio stays, and so do locked fields. ``report`` counts videos.
    """
    with all_or_nothing(guard), _planned(videos, settings) as (matched, plan):
        if not plan.count:
            return Finding(Outcome(matched, 0))
        some, busiest = samples(plan), _busiest()
        summary: dict[str, list[Any]] = {
            TAGS.name: [[], _ids(TAGS)], PERFORMERS.name: [[], _ids(PERFORMERS)],
            STUDIO.name: [None, None],
        }  # fmt: skip
        entry = write_whole(plan, summary, report=report)
        return Finding(Outcome(matched, plan.count, some, entry), busiest)


@contextmanager
def _planned(videos: QuerySet[Video], settings: AutoTagSettings) -> Iterator[tuple[int, Plan]]:
    """How many videos were looked at, and the plan for those in which something was found."""
    find(videos, settings)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rules_text")
        matched = int(cursor.fetchone()[0])
    _keep_labels()
    with listed(f"SELECT DISTINCT id FROM {FOUND}", []):  # noqa: S608 - a constant
        lock_chosen()
        make(_plan())
        with held(list(_FIELDS)) as plan:
            yield matched, plan
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS rules_names, rules_text, rules_words, rules_found")


def _keep_labels() -> None:
    """Hold what was found until the transaction ends, and forget what was deleted or merged
    meanwhile. Before the videos are locked, as merging does it, lest the two wait for each other.
    """
    with connection.cursor() as cursor:
        for kind in KINDS:
            cursor.execute(
                f"SELECT FROM library_{kind} WHERE id IN"  # noqa: S608 - constants
                f" (SELECT label_id FROM {FOUND} WHERE kind = %s) ORDER BY id FOR KEY SHARE",
                [kind],
            )
            cursor.execute(
                f"DELETE FROM {FOUND} found WHERE kind = %s AND NOT EXISTS"  # noqa: S608 - constants
                f" (SELECT FROM library_{kind} label WHERE label.id = found.label_id)",
                [kind],
            )


def _plan() -> Sql:
    sql = Sql("SELECT row_number() OVER (ORDER BY id) AS n, id")
    sql.add("".join(f", {each.name}_old, {each.name}_new" for each in _FIELDS))
    sql.add(f", {old_marks(list(_FIELDS))} AS marks_old, ")
    marks = json_object((each.name, each.changed, "%s::jsonb") for each in _FIELDS)
    sql.add(marks, *[Jsonb(audit.mark()) for _ in _FIELDS])
    sql.add(" AS marks_new, '{}'::text[] AS unmarked FROM (SELECT video.id, video.provenance")
    for each in _FIELDS:
        sql.add(f", video.{each.column} AS {each.name}_old, CASE WHEN '{each.name}' = ANY")
        sql.add(f" (video.locked_fields) THEN video.{each.column} ELSE {_gained(each)} END")
        sql.add(f" AS {each.name}_new")
    sql.add(f" FROM library_video video JOIN ({_GAINS}) gain USING (id) OFFSET 0) plan")
    sql.add(f" WHERE {' OR '.join(each.changed for each in _FIELDS)}")
    return sql


def _gained(each: Field) -> str:
    if each is STUDIO:
        return "coalesce(video.studio_id, gain.studio)"
    both = f"video.{each.column} || gain.{each.name}"
    return (
        f"CASE WHEN video.{each.column} @> gain.{each.name} THEN video.{each.column}"  # noqa: S608
        f" ELSE ARRAY(SELECT DISTINCT id FROM unnest({both}) id ORDER BY id) END"
    )


def _ids(each: Field) -> list[int]:
    """All labels that the plan adds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT label FROM editing_plan, unnest({each.name}_new) label"  # noqa: S608
            f" WHERE label <> ALL ({each.name}_old) ORDER BY label"
        )
        return [pk for (pk,) in cursor.fetchall()]


def _busiest() -> list[tuple[str, int, str, int]]:
    """The labels that most videos get."""
    parts = [
        f"SELECT '{kind}' AS kind, label.id, label.name, count(*) AS videos"  # noqa: S608
        f" FROM editing_plan plan, unnest(plan.{new}) gained(id), library_{kind} label"
        f" WHERE label.id = gained.id AND gained.id <> ALL (plan.{old}) GROUP BY label.id"
        for kind, new, old in (
            ("tag", "tags_new", "tags_old"), ("performer", "performers_new", "performers_old"),
        )
    ]  # fmt: skip
    parts.append(
        "SELECT 'studio', label.id, label.name, count(*) FROM editing_plan plan"
        " JOIN library_studio label ON label.id = plan.studio_new"
        " WHERE plan.studio_old IS DISTINCT FROM plan.studio_new GROUP BY label.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({' UNION ALL '.join(parts)}) each"  # noqa: S608
            f" ORDER BY videos DESC, kind, id LIMIT {_BUSIEST}"
        )
        return list(cursor.fetchall())
