"""Whether anything was written since somebody last looked: for what looks every few minutes."""

from django.db import connection

_WRITES = """
    SELECT sum(pg_stat_get_tuples_inserted(name) + pg_stat_get_tuples_updated(name)
               + pg_stat_get_tuples_deleted(name))
    FROM unnest(%s::regclass[]) name
    WHERE current_setting('track_counts')::boolean
"""


def writes(*tables: str) -> int | None:
    """How often rows of the tables were written, as PostgreSQL counts; None if it doesn't.

    The same number again: nothing was. What was written may be counted some seconds late, so ask
    before looking at the rows, and look again when the number is another.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRITES, [list(tables)])
        [counted] = cursor.fetchone()
    return None if counted is None else int(counted)
