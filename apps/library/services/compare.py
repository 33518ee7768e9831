"""Two scans of a library compared: which files came, went, moved, grew and shrank between them.

Nothing is kept for this. What came is told by the times at which files were added, everything else
by the audit: of each file the oldest value before the changes between the two scans' ends, and the
newest after them. What was forgotten since is no longer told of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from apps.core.errors import MediaHubError
from apps.library.models import Scan


class NotComparable(MediaHubError):
    """Two scans of different libraries, or the same one twice."""

    code = "not_comparable"
    field = "with"


class Fate(models.TextChoices):
    """What became of a file. One that moved and changed its size counts as moved."""

    CAME = "came"
    WENT = "went"
    MOVED = "moved"
    GREW = "grew"
    SHRANK = "shrank"


@dataclass(frozen=True, slots=True)
class Sum:
    """How many files, and their bytes; of those that grew or shrank the bytes of difference."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    """A file between the two scans; sizes in bytes, ``path_before`` where it moved."""

    file_id: int
    fate: Fate
    path: str
    path_before: str
    size_before: int | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``before`` is the earlier scan, whichever way round they were given."""

    before: Scan
    after: Scan

    def sums(self) -> dict[Fate, Sum]:
        """All fates, in one query."""
        rows = {fate: (files, size) for fate, files, size in self._ask(_SUMS)}
        return {fate: Sum(*map(int, rows.get(fate.value, (0, 0)))) for fate in Fate}

    def changes(self, fate: Fate | None = None, *, offset: int = 0, limit: int) -> list[Change]:
        """The files of one fate, or of all, by path, in one query."""
        rows = self._ask(_LIST, fate=fate and fate.value, offset=offset, limit=limit)
        return [Change(pk, Fate(of), *values) for pk, of, *values in rows]

    def _ask(self, query: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        window = {
            "library": self.after.library_id,
            "from": _end(self.before),
            "to": _end(self.after),
        }
        with connection.cursor() as cursor:
            cursor.execute(_FATES + query, {**window, **values})
            return list(cursor.fetchall())


def compare_scans(one: Scan, other: Scan) -> Comparison:
    """The later scan of a library against the earlier one. Raises NotComparable."""
    if one.library_id != other.library_id:
        raise NotComparable("These are scans of different libraries.")
    if one.pk == other.pk:
        raise NotComparable("Name another scan of the library.")
    before, after = sorted((one, other), key=lambda scan: (_end(scan), scan.pk))
    return Comparison(before, after)


def _end(scan: Scan) -> Any:
    """When a scan ended; of one that was killed only when it began is known."""
    return scan.finished_at or scan.started_at


def _first(name: str) -> str:
    """SQL for a column's oldest value among a file's entries."""
    return f"(array_agg(changes->'{name}'->>0 ORDER BY id) FILTER (WHERE changes ? '{name}'))[1]"


def _last(name: str) -> str:
    """SQL for its newest."""
    return (
        f"(array_agg(changes->'{name}'->>1 ORDER BY id DESC) FILTER (WHERE changes ? '{name}'))[1]"
    )


_FATES = f"""
    WITH told AS (
        SELECT object_id AS file_id,
            bool_or(changes ? 'missing_since') AS was_marked,
            {_first("missing_since")} IS NOT NULL AS was_missing,
            {_last("missing_since")} IS NOT NULL AS is_missing,
            {_first("size_bytes")}::bigint AS size_before,
            {_last("size_bytes")}::bigint AS size_after,
            {_first("path")} AS path_before, {_last("path")} AS path_after
        FROM core_auditentry
        WHERE object_type = 'library.file' AND action = 'changed'
            AND at > %(from)s AND at <= %(to)s
        GROUP BY object_id
    ), known AS (
        SELECT file.id, COALESCE(told.path_after, file.path) AS path,
            COALESCE(told.path_before, '') AS path_before, told.size_before,
            COALESCE(told.size_after, file.size_bytes) AS size_bytes,
            CASE
                WHEN COALESCE(told.was_marked AND told.is_missing, false) THEN
                    CASE WHEN file.created_at > %(from)s OR told.was_missing THEN NULL
                         ELSE 'went' END
                WHEN file.created_at > %(from)s THEN 'came'
                WHEN told.was_marked AND told.was_missing THEN 'came'
                WHEN told.path_before <> told.path_after THEN 'moved'
                WHEN told.size_before < told.size_after THEN 'grew'
                WHEN told.size_before > told.size_after THEN 'shrank'
            END AS fate
        FROM (
            SELECT id FROM library_file
            WHERE library_id = %(library)s AND created_at > %(from)s AND created_at <= %(to)s
            UNION
            SELECT file_id FROM told
        ) touched
        JOIN library_file file ON file.id = touched.id AND file.library_id = %(library)s
        LEFT JOIN told ON told.file_id = file.id
    )
"""  # noqa: S608 - names from above only

_SUMS = """
    SELECT fate, count(*), sum(CASE WHEN fate IN ('grew', 'shrank')
        THEN abs(size_bytes - size_before) ELSE size_bytes END)
    FROM known WHERE fate IS NOT NULL GROUP BY fate
"""

_LIST = """
    SELECT id, fate, path, path_before, size_before, size_bytes FROM known
    WHERE fate IS NOT NULL AND (%(fate)s::text IS NULL OR fate = %(fate)s)
    ORDER BY path, id LIMIT %(limit)s OFFSET %(offset)s
"""
