"""Counting videos by several facets in one statement: all of them if they are few, else a sample.

A sample is the same pages of the table each time, so that the same question gets the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from apps.library.models import Video
from apps.library.search.facets_kinds import FACETS, LABEL_FACETS, LabelFacet
from apps.library.search.question import Question

MOST_EXACT = 20_000  # videos that are all counted
SAMPLE = 6_000  # videos that a sample shall hold
PILOT_PERCENT = 0.5  # of the table, to see how many videos there are
MOST_PERCENT = 6.0  # of the table that a sample reads, however rare what is looked for
MOST_VALUES = 50
_DOUBT = 1.25  # of what a pilot says

_TABLE = ' FROM "library_video"'
_MANY = "SELECT count(*) FROM ({videos}) video"
_FOUND = "found AS MATERIALIZED (SELECT {columns} FROM ({videos}) video)"
_SETS = """
    SELECT CASE GROUPING({names}) {whens} END, COALESCE({names}), count(*)
    FROM found GROUP BY GROUPING SETS ({sets})
"""
_NONE = "SELECT '{name}', NULL, count(*) FROM found WHERE cardinality({name}) = 0"
_FAMILY = """
    {name}_family(root, id) AS (
        SELECT link.parent, link.child FROM ({parents}) link
        UNION
        SELECT family.root, link.child
        FROM {name}_family family JOIN ({parents}) link ON link.parent = family.id
    )
"""
_LABELS = """
    SELECT '{name}', label::text, count(*) FROM found, unnest(found.{name}) label
    GROUP BY label ORDER BY 3 DESC, label LIMIT {most}
"""
# A label counts its own videos, and of those below it the ones that it isn't on itself.
_LABELS_WITH_FAMILY = """
    SELECT '{name}', label::text, sum(videos)::bigint FROM (
        SELECT label, count(*) AS videos FROM found, unnest(found.{name}) label GROUP BY label
        UNION ALL
        SELECT root, count(*) FROM (
            SELECT DISTINCT found.id, family.root FROM found, unnest(found.{name}) label
            JOIN {name}_family family ON family.id = label
            WHERE family.root <> ALL(found.{name})
        ) below GROUP BY root
    ) counted GROUP BY label ORDER BY 3 DESC, label LIMIT {most}
"""


@dataclass(frozen=True)
class Counts:
    """How many videos there are, and by facet how many of each key (null: of none).

    ``percent`` of all videos were looked at: all numbers are scaled to the whole.
    """

    total: int = 0
    values: dict[str, dict[str | None, int]] = field(default_factory=dict)
    percent: float = 100.0

    @property
    def is_estimate(self) -> bool:
        return self.percent < 100.0


def count_videos(question: Question, names: Sequence[str]) -> Counts:
    """By some facets: exact for up to ``MOST_EXACT`` videos."""
    try:
        asked = _Asked.of(Video.objects.filter(question.condition), names)
    except EmptyResultSet:
        return Counts(0, {name: {} for name in names})
    rows = table_rows()
    expected = rows if rows <= MOST_EXACT else _expected(asked, rows)
    if expected <= MOST_EXACT * _DOUBT:
        counts = _Asked.of(question.videos(), names).count(limit=MOST_EXACT + 1)
        if counts.total <= MOST_EXACT:
            return counts
    wanted = 100 * SAMPLE / max(expected, 1)
    return asked.count(percent=min(wanted, MOST_PERCENT))


def table_rows() -> int:
    """How many videos there are, about: PostgreSQL's own estimate."""
    rows = _ask(
        "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [Video._meta.db_table]
    )
    return int(rows[0][0])


def _expected(asked: "_Asked", rows: int) -> int:
    if not asked.condition.strip():
        return rows
    statement = _MANY.format(videos=asked.source(PILOT_PERCENT))
    return int(_ask(statement, asked.parameters)[0][0] * 100 / PILOT_PERCENT)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What follows the table's name in a statement, and what is counted."""

    condition: str
    parameters: tuple[Any, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, videos: "QuerySet[Video]", names: Sequence[str]) -> Self:
        """Raises EmptyResultSet."""
        statement, parameters = videos.order_by().values("pk").query.sql_with_params()
        return cls(statement.partition(_TABLE)[2], tuple(parameters), tuple(names))

    def count(self, *, percent: float = 100.0, limit: int | None = None) -> Counts:
        values: dict[str, dict[str | None, int]] = {name: {} for name in self.names}
        total = 0
        for name, key, count in _ask(self._statement(percent, limit), self.parameters):
            if not name:
                total = _scaled(count, percent)
            elif count:
                values[name][key] = _scaled(count, percent)
        return Counts(total, values, percent)

    def source(self, percent: float, limit: int | None = None) -> str:
        sampled = f" TABLESAMPLE SYSTEM ({percent:.4f}) REPEATABLE (1)" if percent < 100 else ""
        most = f" LIMIT {limit}" if limit else ""
        return f"SELECT library_video.*{_TABLE}{sampled}{self.condition}{most}"

    def _statement(self, percent: float, limit: int | None) -> str:
        plain = [FACETS[name] for name in self.names if name in FACETS]
        labels = [LABEL_FACETS[name] for name in self.names if name in LABEL_FACETS]
        columns = [f"{facet.key} AS {facet.name}" for facet in plain]
        columns += [f"{facet.ids} AS {facet.name}" for facet in labels]
        videos = self.source(percent, limit)
        found = _FOUND.format(columns=", ".join(["id", *columns]), videos=videos)
        families = [
            _FAMILY.format(name=one.name, parents=one.parents) for one in labels if one.parents
        ]
        parts = ["SELECT '', NULL, count(*) FROM found"]
        parts += [_sets([facet.name for facet in plain])] if plain else []
        parts += [part for facet in labels for part in _of_labels(facet)]
        joined = " UNION ALL ".join(f"({part})" for part in parts)
        return f"WITH RECURSIVE {', '.join([found, *families])} {joined}"


def _sets(names: Sequence[str]) -> str:
    """One pass for all facets that have one value: which of them a row is of tells a bit."""
    bits = len(names) - 1
    whens = " ".join(
        f"WHEN {2 ** len(names) - 1 - 2 ** (bits - place)} THEN '{name}'"
        for place, name in enumerate(names)
    )
    sets = ", ".join(f"({name})" for name in names)
    return _SETS.format(names=", ".join(names), whens=whens, sets=sets)


def _of_labels(facet: LabelFacet) -> list[str]:
    name = facet.name
    statement = _LABELS_WITH_FAMILY if facet.parents else _LABELS
    return [
        statement.format(name=name, most=MOST_VALUES),
        _NONE.format(name=name),
    ]


def _scaled(count: int, percent: float) -> int:
    """To the whole table, with no more digits than a sample can tell."""
    if percent >= 100:
        return count
    whole = round(count * 100 / percent)
    return round(whole, min(0, 3 - len(str(whole))))


def _ask(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
