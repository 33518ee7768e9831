"""The plan: a temporary table with a row for each video that will change, old values beside new."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from apps.core import audit, context
from apps.editing.services.bulk.changes import Changes, Links
from apps.editing.services.bulk.fields import CUSTOM, FIELDS, TITLE, Field
from apps.editing.services.bulk.selection import CHOSEN
from apps.editing.services.bulk.titles import check_titles, limited, replaced

PLAN = "editing_plan"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which fields the temporary table ``PLAN`` holds, and how many videos will change."""

    fields: list[Field]
    count: int


@dataclass(slots=True)
class Sql:
    """A statement that grows, and its parameters in their order."""

    text: str = ""
    params: list[Any] = field(default_factory=list)

    def add(self, text: str, *params: Any) -> None:
        self.text += text
        self.params += params


@contextmanager
def planned(changes: Changes) -> Iterator[Plan]:
    """What the changes do to the chosen videos. Raises PatternRefused, TitleRefused."""
    fields = [FIELDS[name] for name in changes.fields]
    sql = Sql("SELECT video.id, video.provenance")
    for each in fields:
        sql.add(f", video.{each.column} AS {each.name}_old, ")
        _add_new(sql, each, changes)
        sql.add(f" AS {each.name}_new")
    sql.add(f" FROM library_video video JOIN {CHOSEN} USING (id) OFFSET 0")  # evaluated once
    inner, sql = sql, Sql("SELECT row_number() OVER (ORDER BY id) AS n, id")
    sql.add("".join(f", {each.name}_old, {each.name}_new" for each in fields))
    sql.add(f", {old_marks(fields)} AS marks_old, ")
    _add_marks(sql, fields)
    sql.add(f" AS marks_new, '{{}}'::text[] AS unmarked FROM ({inner.text}) plan", *inner.params)
    sql.add(f" WHERE {' OR '.join(each.changed for each in fields)}")
    with limited(changes.title):
        make(sql)
    if changes.title:
        check_titles(PLAN)
    with held(fields) as plan:
        yield plan


@contextmanager
def held(fields: list[Field]) -> Iterator[Plan]:
    """The table that ``make`` has made, for as long as it is needed."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {PLAN} ADD PRIMARY KEY (n)")
        cursor.execute(f"ANALYZE {PLAN}")
        changed = " OR ".join(each.changed for each in fields)
        cursor.execute(f"SELECT count(*) FROM {PLAN} plan WHERE {changed}")  # noqa: S608 - ours
        yield Plan(fields, cursor.fetchone()[0])
        cursor.execute(f"DROP TABLE {PLAN}")


def make(sql: Sql) -> None:
    """Make the table of what a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {PLAN} ON COMMIT DROP AS {sql.text}", sql.params)


def json_object(pairs: Iterable[tuple[str, str, str]]) -> str:
    """A JSON object of names and expressions, each if its condition holds."""
    parts = [
        f"CASE WHEN {condition} THEN jsonb_build_object('{name}', {value}) ELSE '{{}}' END"
        for name, condition, value in pairs
    ]
    return f"({' || '.join(parts)})"


def old_marks(fields: list[Field]) -> str:
    """What the provenance says by now of those fields that a row of the plan changes."""
    said = [(f, f"plan.provenance->'{f.name}'") for f in fields]
    return json_object((f.name, f"{f.changed} AND {mark} IS NOT NULL", mark) for f, mark in said)


def _add_marks(sql: Sql, fields: list[Field]) -> None:
    mark = audit.mark()
    if len(fields) == 1:  # each row of the plan changes it
        sql.add("%s::jsonb", Jsonb({fields[0].name: mark}))
        return
    marks = json_object((f.name, f.changed, "%s::jsonb") for f in fields)
    sql.add(marks, *([Jsonb(mark)] * len(fields)))


def _add_new(sql: Sql, each: Field, changes: Changes) -> None:
    """The field's new value, or the old one where no job and no rule may change it."""
    actor = context.current()
    if nobody := changes.spares_locked or (bool(actor.job_id) and actor.user_id is None):
        sql.add(f"CASE WHEN '{each.name}' = ANY (video.locked_fields) THEN {each.column} ELSE ")
    if links := changes.links.get(each.name):
        _add_links(sql, each, links)
    elif each is TITLE and changes.title:
        text, params = replaced(changes.title)
        sql.add(text, *params)
    elif each is CUSTOM:
        given = {key: value for key, value in changes.custom.items() if value is not None}
        gone = [key for key, value in changes.custom.items() if value is None]
        sql.add("(custom || %s::jsonb) - %s::text[]", Jsonb(given), gone)
    else:
        sql.add(f"%s::{each.type}", changes.values[each.name])
    if nobody:
        sql.add(" END")


def _add_links(sql: Sql, each: Field, links: Links) -> None:
    """Sorted, as the triggers leave them; only what isn't as it shall be is put together."""
    if links.exactly is not None:
        sql.add("%s::bigint[]", list(links.exactly))
        return
    add, remove, column = list(links.add), list(links.remove), each.column
    sql.add(f"CASE WHEN {column} @> %s::bigint[] AND NOT {column} && %s::bigint[]", add, remove)
    wanted = f"SELECT DISTINCT id FROM unnest({column} || %s::bigint[]) id"  # noqa: S608 - ours
    sql.add(f" THEN {column} ELSE ARRAY({wanted} WHERE id <> ALL (%s::bigint[])", add, remove)
    sql.add(" ORDER BY id) END")
