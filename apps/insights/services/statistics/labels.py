"""The studios, tags and performers of most videos."""

from typing import Any

from django.db import models
from django.db.models import QuerySet

from apps.insights.services.statistics.charts import Asking, Bar, Chart, Sum
from apps.insights.services.statistics.scan import run
from apps.library.models import Performer, Studio, Tag, Video
from apps.library.search.names import Wanted, look_up

_MOST = 20
# kind: (title, model, Video's column, how SQL takes labels from it)
_KINDS: dict[str, tuple[str, type[models.Model], str, str]] = {
    "studio": ("Studios", Studio, "studio_id", "studio_id"),
    "tag": ("Tags", Tag, "tag_ids", "unnest(tag_ids)"),
    "performer": ("Performers", Performer, "performer_ids", "unnest(performer_ids)"),
}
_OPERATORS = {"studio": "=", "tag": "=", "performer": ":"}
_TOP = """
SELECT label, count(*) FROM (SELECT {labels} AS label FROM ({{found}}) video) labels
WHERE label IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most}
"""


def label_charts(asking: Asking, videos: QuerySet[Video]) -> list[Chart]:
    """One of each kind. Without a query their kept counts are read."""
    charts = []
    for kind, (title, model, column, _sql) in _KINDS.items():
        if asking.question.node is None:
            top: Any = model._default_manager.filter(video_count__gt=0)
            rows = list(top.order_by("-video_count", "pk").values_list("pk", "video_count")[:_MOST])
        else:
            rows = _top(kind, videos, column)
        charts.append(Chart(kind, title, "rows", _bars(kind, rows, asking, videos)))
    return charts


def _top(kind: str, videos: QuerySet[Video], column: str) -> list[tuple[Any, ...]]:
    return run(_TOP.format(labels=_KINDS[kind][3], most=_MOST), [], videos.values(column))


def _bars(
    kind: str, rows: list[tuple[Any, ...]], asking: Asking, videos: QuerySet[Video]
) -> list[Bar]:
    """Where a name means several labels, as queries read it, all of theirs are counted."""
    _title, model, column, _sql = _KINDS[kind]
    found = model._default_manager.in_bulk([pk for pk, _count in rows])
    known: list[tuple[Any, int]] = [(found[pk], count) for pk, count in rows if pk in found]
    wanted = {label.pk: Wanted(model, label.name) for label, _count in known}
    meant = look_up(wanted.values(), (), libraries=False).named
    bars = []
    for label, count in known:
        ids = meant[wanted[label.pk]]
        if ids == [label.pk]:
            counted = count
        else:
            lookup = f"{column}__in" if column.endswith("_id") else f"{column}__overlap"
            counted = videos.filter(**{lookup: ids}).count()
        query = asking.term(kind, label.name, operator=_OPERATORS[kind])
        bars.append(Bar(str(label), query, Sum(counted)))
    return bars
