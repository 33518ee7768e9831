"""How long a question may keep the database busy."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction


@contextmanager
def limited() -> Iterator[None]:
    """Statements in it end after ``MEDIAHUB_SEARCH_TIMEOUT_MS``, by an OperationalError, which the
    API answers with 503. Somebody waits for a list, but not for long: what takes longer was a
    mistake, or would keep others waiting."""
    within_another = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if within_another:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
        _set(cursor, str(settings.MEDIAHUB_SEARCH_TIMEOUT_MS))
        yield
        if within_another:
            _set(cursor, before)


def _set(cursor: object, timeout: str) -> None:
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [timeout])  # type: ignore[attr-defined]
