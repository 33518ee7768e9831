"""Adding up the videos of a question: two passes over the table, whatever is charted.

Each pass groups by several columns at once, into some thousand groups that Python adds up further:
PostgreSQL shares such a pass among its workers, what it doesn't do with GROUPING SETS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from apps.insights.services.statistics.charts import Sum
from apps.library.models import Video
from apps.query.values import RESOLUTIONS

LINES = sorted(RESOLUTIONS.values())
# name: (what ``has:`` calls it, its condition in SQL)
COMPLETE: dict[str, tuple[str, str]] = {
    "Cover": ("cover", "'cover' = ANY(made)"),
    "Date": ("date", "date IS NOT NULL"),
    "Studio": ("studio", "studio_id IS NOT NULL"),
    "Tags": ("tags", "cardinality(tag_ids) > 0"),
    "Performers": ("performers", "cardinality(performer_ids) > 0"),
    "Rating": ("rating", "rating IS NOT NULL"),
    "Details": ("details", "details <> ''"),
    "Web pages": ("urls", "cardinality(urls) > 0"),
}
_MEMORY = "64MB"  # with less PostgreSQL sorts a million rows instead of hashing them
_SUMS = "count(*), coalesce(sum(size_bytes), 0)::bigint, coalesce(sum(duration_ms), 0)::bigint"
# nothing in these is anybody's but ours
_FACTS = f"""
SELECT video_codec, container, orientation, library_id, width_bucket(lines, %s::int[]),
    (rating + 9) / 10, {_SUMS},
    {", ".join(f"count(*) FILTER (WHERE {condition})" for _has, condition in COMPLETE.values())}
FROM ({{found}}) video GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608
_TIMES = f"""
SELECT extract(year FROM date)::int, width_bucket(added_at, %s::timestamptz[]), {_SUMS}
FROM ({{found}}) video GROUP BY 1, 2
"""  # noqa: S608
_FACT_COLUMNS = (
    "video_codec", "container", "orientation", "library_id", "lines", "rating", "size_bytes",
    "duration_ms", "made", "date", "studio_id", "tag_ids", "performer_ids", "details", "urls",
)  # fmt: skip
_TIME_COLUMNS = ("date", "added_at", "size_bytes", "duration_ms")


@dataclass(frozen=True, slots=True)
class Facts:
    """A group of videos that are alike. ``lines`` counts the entries of LINES that are reached."""

    codec: str
    container: str
    orientation: str
    library_id: int
    lines: int | None
    rating: int | None
    sum: Sum
    complete: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """A group of videos of one year that were added in one month, the first of which is 1."""

    year: int | None
    month: int
    sum: Sum


def scan_facts(videos: QuerySet[Video]) -> list[Facts]:
    """All videos of a queryset, in groups."""
    rows = run(_FACTS, [LINES], videos.values(*_FACT_COLUMNS))
    return [
        Facts(
            codec, container, orientation, library, lines, rating, Sum(*sums[:3]), tuple(sums[3:])
        )
        for codec, container, orientation, library, lines, rating, *sums in rows
    ]


def scan_times(videos: QuerySet[Video]) -> tuple[list[Times], list[date]]:
    """The same by time, and the months that their numbers stand for."""
    ends = Video.objects.aggregate(first=Min("added_at"), last=Max("added_at"))
    if ends["first"] is None:
        return [], []
    months = _months(ends["first"], ends["last"])
    begins = [timezone.make_aware(datetime.combine(day, time())) for day in months]
    rows = run(_TIMES, [begins], videos.values(*_TIME_COLUMNS))
    return [Times(year, month, Sum(*sums)) for year, month, *sums in rows], months


def run(statement: str, values: Sequence[Any], found: QuerySet[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement in which ``{found}`` stands for a queryset, behind other values."""
    try:
        inner, parameters = found.order_by().query.sql_with_params()
    except EmptyResultSet:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{_MEMORY}'")
        cursor.execute(statement.replace("{found}", inner), [*values, *parameters])
        return list(cursor.fetchall())


def _months(first: datetime, last: datetime) -> list[date]:
    """The first days of all months, by the local calendar."""
    begin, end = timezone.localdate(first), timezone.localdate(last)
    count = (end.year - begin.year) * 12 + end.month - begin.month + 1
    numbers = range(begin.year * 12 + begin.month - 1, begin.year * 12 + begin.month - 1 + count)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
