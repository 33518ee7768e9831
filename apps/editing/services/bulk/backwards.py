"""The plan of an undo: what the audit's rows say of each video, beside what it is now."""

from collections.abc import Iterable, Mapping, Sequence

from apps.editing.services.bulk.fields import CUSTOM, STUDIO, Field, LinkField
from apps.editing.services.bulk.plan import Sql, json_object, old_marks
from apps.editing.services.bulk.selection import CHOSEN

CONTESTED = "contested"  # the column of the plan that names the fields changed again since


def backwards(
    entry_id: int, fields: list[Field], gone: Mapping[str, Sequence[int]], *, force: bool
) -> Sql:
    """A statement for the plan of the chosen videos. ``gone`` are labels that nothing can get back.

    Rows that nothing but a conflict is found in come last. With ``force`` old values come back
    in place of what was changed since.
    """
    sql = Sql("SELECT row_number() OVER (ORDER BY NOT (")
    changed = " OR ".join(field.changed for field in fields)
    sql.add(f"{changed}), id) AS n, id, {CONTESTED}")
    sql.add("".join(f", {field.name}_old, {field.name}_new" for field in fields))
    sql.add(f", {old_marks(fields)} AS marks_old, {_marks(fields)} AS marks_new")
    sql.add(f", {_named((field.name, field.changed) for field in fields)} AS unmarked FROM (")
    sql.add("SELECT video.id, video.provenance, past.changes, ")
    sql.add(_named((f.name, _contested(f)) for f in fields if not isinstance(f, LinkField)))
    sql.add(f" AS {CONTESTED}")
    for field in fields:
        sql.add(f", video.{field.column} AS {field.name}_old, ")
        sql.add(f"CASE WHEN past.changes ? '{field.name}' THEN ")
        _add_new(sql, field, gone.get(field.name, ()), force=force)
        sql.add(f" ELSE video.{field.column} END AS {field.name}_new")
    sql.add(
        f" FROM {CHOSEN} JOIN library_video video USING (id) JOIN ({_rows(fields)}) past", entry_id
    )
    sql.add(
        f" ON past.object_id = video.id OFFSET 0) plan WHERE {changed} OR {CONTESTED} <> '{{}}'"
    )
    return sql


def _rows(fields: list[Field]) -> str:
    """The audit's rows, their values as columns: of a video then and afterwards."""
    columns = []
    for field in fields:
        for position, name in enumerate(("then", "after")):
            value = f"changes #>> '{{{field.name},{position}}}'"
            if isinstance(field, LinkField):
                value = f"translate({value}, '[] ', '{{}}')"  # JSON's array as PostgreSQL's
            columns.append(f", ({value})::{field.type} AS {field.name}_{name}")
    return (
        f"SELECT object_id, changes{''.join(columns)} FROM core_auditrow"  # noqa: S608 - ours
        " WHERE entry_id = %s OFFSET 0"
    )


def _add_new(sql: Sql, field: Field, gone: Sequence[int], *, force: bool) -> None:
    name, now = field.name, f"video.{field.column}"
    if isinstance(field, LinkField):
        sql.add(
            f"ARRAY(SELECT DISTINCT id FROM unnest({now} || past.{name}_then) id"  # noqa: S608 - ours
            f" WHERE id <> ALL (past.{name}_after)"
            f" AND (id <> ALL (%s::bigint[]) OR id = ANY ({now})) ORDER BY id)",
            list(gone),
        )
    elif field is CUSTOM:
        keys = _keys("true" if force else "NOT " + _KEY_CONTESTED)
        sql.add(
            f"(({now} - ARRAY({keys})) || (SELECT COALESCE(jsonb_object_agg(key, custom_then->key),"  # noqa: S608
            f" '{{}}') FROM ({keys}) kept WHERE custom_then ? key))"
        )
    else:
        kept = "false" if force else _contested(field)
        sql.add(f"CASE WHEN {kept}")
        if field is STUDIO:
            sql.add(" OR past.studio_then = ANY (%s::bigint[])", list(gone))
        sql.add(f" THEN {now} ELSE past.{name}_then END")


_KEY_CONTESTED = (
    "(video.custom->key IS DISTINCT FROM custom_then->key"
    " AND video.custom->key IS DISTINCT FROM custom_after->key)"
)


def _keys(where: str) -> str:
    """The keys of invented fields that the row's change was about."""
    return (
        "SELECT key FROM jsonb_object_keys(custom_then || custom_after) key"  # noqa: S608 - ours
        f" WHERE custom_then->key IS DISTINCT FROM custom_after->key AND {where}"
    )


def _contested(field: Field) -> str:
    """Whether a value is neither what it was before the change nor what it was after it."""
    if field is CUSTOM:
        return f"(past.changes ? 'custom' AND EXISTS ({_keys(_KEY_CONTESTED)}))"
    now = f"video.{field.column}"
    return (
        f"(past.changes ? '{field.name}' AND {now} IS DISTINCT FROM past.{field.name}_then"
        f" AND {now} IS DISTINCT FROM past.{field.name}_after)"
    )


def _marks(fields: list[Field]) -> str:
    """Whoever had given a value before has given it again.

    Of a set or an object that somebody else changed since, in part, that one's mark stays.
    """
    pairs = []
    for field in fields:
        before, after, now = (
            f"plan.changes #> '{{provenance,0,{field.name}}}'",
            f"plan.changes #> '{{provenance,1,{field.name}}}'",
            f"plan.provenance->'{field.name}'",
        )
        mark = before
        if isinstance(field, LinkField) or field is CUSTOM:
            mark = f"CASE WHEN {now} IS NOT DISTINCT FROM {after} THEN {before} ELSE {now} END"
        pairs.append((field.name, f"{field.changed} AND ({mark}) IS NOT NULL", f"({mark})"))
    return json_object(pairs)


def _named(conditions: Iterable[tuple[str, str]]) -> str:
    """An array of the names whose conditions hold."""
    names = [f"CASE WHEN {condition} THEN '{name}' END" for name, condition in conditions]
    return f"array_remove(ARRAY[{', '.join(names)}]::text[], NULL)"
