"""The test database as the migrations left it, again and again.

Django's own way after a test that commits is to truncate each table, a new file for each of their
indexes, and to make all permissions anew. Here only rows that are there are taken away, and what
the migrations had written is compared with a copy of it.
"""

import psycopg
from psycopg import sql

_TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = %s ORDER BY 1"
_MOST_BYTES = 4_000_000  # more is truncated: to delete it would take longer


def keep_copies(connection: psycopg.Connection) -> None:
    """Remember which rows are there now. Needs a superuser's connection, as ``restore`` does."""
    connection.execute("CREATE SCHEMA kept")
    for table in _filled(connection, _tables(connection, "public")):
        connection.execute(sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(table))


def restore(connection: psycopg.Connection) -> None:
    """Bring back those rows, and no others; triggers stay silent, sequences go on."""
    tables = _tables(connection, "public")
    kept = _tables(connection, "kept")
    changed = [
        *_filled(connection, [each for each in tables if each not in kept]),
        *_differing(connection, kept),
    ]
    if not changed:
        return
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")  # no trigger, no check
        if _bytes(connection, changed) > _MOST_BYTES:
            changed = tables
            names = sql.SQL(", ").join(map(_public, tables))
            connection.execute(sql.SQL("TRUNCATE {}").format(names))
        else:
            for table in changed:
                connection.execute(sql.SQL("DELETE FROM {}").format(_public(table)))
        for table in changed:
            if table in kept:
                connection.execute(
                    sql.SQL("INSERT INTO public.{0} OVERRIDING SYSTEM VALUE TABLE kept.{0}").format(
                        table
                    )
                )


def _tables(connection: psycopg.Connection, schema: str) -> list[sql.Identifier]:
    return [sql.Identifier(name) for (name,) in connection.execute(_TABLES, [schema])]


def _public(table: sql.Identifier) -> sql.Composed:
    return sql.SQL("public.{}").format(table)


def _filled(connection: psycopg.Connection, tables: list[sql.Identifier]) -> list[sql.Identifier]:
    return _those(connection, tables, "EXISTS (TABLE public.{0})")


def _differing(
    connection: psycopg.Connection, tables: list[sql.Identifier]
) -> list[sql.Identifier]:
    return _those(
        connection, tables,
        "EXISTS (TABLE public.{0} EXCEPT ALL TABLE kept.{0})"
        " OR EXISTS (TABLE kept.{0} EXCEPT ALL TABLE public.{0})",
    )  # fmt: skip


def _those(
    connection: psycopg.Connection, tables: list[sql.Identifier], condition: str
) -> list[sql.Identifier]:
    """Of the tables, those of which the condition holds, by one statement."""
    if not tables:
        return []
    columns = sql.SQL(", ").join(sql.SQL(condition).format(table) for table in tables)
    answers = connection.execute(sql.SQL("SELECT {}").format(columns)).fetchone()
    assert answers
    return [table for table, holds in zip(tables, answers, strict=True) if holds]


def _bytes(connection: psycopg.Connection, tables: list[sql.Identifier]) -> int:
    names = [_public(table).as_string(connection) for table in tables]
    asked = connection.execute(
        "SELECT sum(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name", [names]
    ).fetchone()
    assert asked
    return int(asked[0])
