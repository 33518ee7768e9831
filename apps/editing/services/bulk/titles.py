"""Finding and replacing in titles, by the database: what it does there can be stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DataError, OperationalError, connection, transaction
from psycopg import errors as postgres

from apps.core.errors import MediaHubError
from apps.editing.services.bulk.changes import Replacement

_LONGEST = 500
_TIME_LIMIT_MS = 10_000


class PatternRefused(MediaHubError):
    """The regular expression isn't one, or takes too long; nothing was changed."""

    code = "pattern_refused"
    field = "title"


class TitleRefused(MediaHubError):
    """A title would be empty or too long; nothing was changed."""

    code = "title_refused"
    field = "title"


def replaced(title: Replacement) -> tuple[str, list[str]]:
    """The new title as SQL over ``video``, and its parameters. Blanks around it go."""
    flags = "g" if title.case else "gi"
    if title.regex:
        sql, params = "regexp_replace(title, %s, %s, %s)", [title.find, title.replace, flags]
    elif title.case:
        sql, params = "replace(title, %s, %s)", [title.find, title.replace]
    else:  # after three asterisks and an equals sign everything is literal
        sql = "regexp_replace(title, %s, %s, %s)"
        params = [f"***={title.find}", title.replace.replace("\\", "\\\\"), flags]
    # never much longer than a title may be, whatever the pattern makes of it
    return f"CASE WHEN {sql} = title THEN title ELSE left(btrim({sql}), {_LONGEST + 1}) END", [
        *params, *params,
    ]  # fmt: skip


@contextmanager
def limited(title: Replacement | None) -> Iterator[None]:
    """What a hostile pattern could hold up, for a while at most. Raises PatternRefused."""
    if title is None or not title.regex:
        yield
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            [before] = cursor.fetchone()
            _set_limit(str(_TIME_LIMIT_MS))
            # a pattern that is none is told from other mistakes by trying it on nothing
            _try(title)
            yield
            _set_limit(before)
    except OperationalError as error:
        if not isinstance(error.__cause__, postgres.QueryCanceled):
            raise
        seconds = _TIME_LIMIT_MS // 1_000
        raise PatternRefused(
            f"To look for this pattern takes longer than {seconds} s: make it simpler, "
            "or choose fewer videos."
        ) from error


def check_titles(plan: str) -> None:
    """Raises TitleRefused if the plan holds a title that can't be."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT title_old, title_new FROM {plan}"  # noqa: S608 - a constant
            " WHERE char_length(title_new) NOT BETWEEN 1 AND %s ORDER BY id LIMIT 1",
            [_LONGEST],
        )
        if bad := cursor.fetchone():
            what = "have no title left" if not bad[1] else f"get more than {_LONGEST} characters"
            raise TitleRefused(f"“{bad[0]}” would {what}.")


def _set_limit(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [value])


def _try(title: Replacement) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT regexp_replace('', %s, %s)", [title.find, title.replace])
    except DataError as error:
        said = str(error).partition("\n")[0]
        raise PatternRefused(f"The pattern can't be used: {said}.") from error
