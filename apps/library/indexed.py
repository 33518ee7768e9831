"""Finding videos by their index of words and labels, where that is the shorter way.

``VideoIndex`` has columns of the same names as ``Video``, so that a condition on these alone can be
put to either. Few videos are found soonest by the index; of many, a page is filled sooner by going
through the videos in the order that they are shown in, and asking each. PostgreSQL's planner, which
knows how many there will be about, can't choose between two tables: so it is done here.
"""

from typing import Any, TypeVar

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from apps.core.counting import expected_rows

# Of a million videos a page of what 5,000 are is full after some 10,000, and to read 100,000 by
# their numbers takes as long as to read the whole table.
MOST_OF_A_PAGE = 5_000
MOST_OF_ALL = 100_000

_COLUMNS = frozenset({"haystack", "tag_ids", "performer_ids", "studio", "studio_id"})
_Videos = TypeVar("_Videos", bound=QuerySet[Any])


def found(videos: _Videos, condition: Q, *, whole: bool = False) -> _Videos:
    """The videos that a condition holds for. ``whole``: for who reads or counts all of them, not a
    page."""
    told, rest = part(condition)
    if told:
        index: Any = videos.model._meta.get_field("index").related_model
        rows = index.objects.filter(told)
        if expected_rows(rows) <= (MOST_OF_ALL if whole else MOST_OF_A_PAGE):
            return videos.filter(rest, pk__in=rows.values("pk"))
    return videos.filter(condition)


def part(condition: Q) -> tuple[Q, Q]:
    """What the index tells, perhaps of more videos than the condition, and what is left to ask of
    those. An empty Q is all videos."""
    if _is_told(condition):
        return condition, Q()
    if condition.negated or condition.connector == Q.XOR:
        return Q(), condition
    told = [part(one) if isinstance(one, Q) else _leaf(one) for one in condition.children]
    if condition.connector == Q.OR:
        # each of the ways has to be one that the index knows, and all are asked of the video again
        each = [ours for ours, _rest in told]
        return (_join(each, Q.OR) if all(each) else Q()), condition
    return _join([ours for ours, _ in told], Q.AND), _join([rest for _, rest in told], Q.AND)


def _leaf(condition: Any) -> tuple[Q, Q]:
    return (Q(condition), Q()) if _is_told(condition) else (Q(), Q(condition))


def _join(conditions: list[Q], connector: str) -> Q:
    return Q(*(one for one in conditions if one), _connector=connector)


def _is_told(condition: Any) -> bool:
    """Whether it is about nothing but the index's columns."""
    if isinstance(condition, Q):
        return all(_is_told(child) for child in condition.children)
    if isinstance(condition, tuple):
        return condition[0].partition("__")[0] in _COLUMNS
    return all(_is_within(one) for one in condition.flatten())


def _is_within(expression: Any) -> bool:
    if isinstance(expression, F):
        return not isinstance(expression, OuterRef) and expression.name in _COLUMNS
    return not isinstance(expression, Subquery | RawSQL)
