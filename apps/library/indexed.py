"""Finding videos by their index of words and labels, where that is the shorter way.

``VideoIndex`` has columns of the same names as ``Video``, so that a condition on these alone can be
put to either. Few videos are found soonest by the index; of many, a page is filled sooner by going
through the videos in an order, and asking each. No statement leaves that choice to PostgreSQL's
planner, but it says what either would cost.
"""

from typing import Any, TypeVar

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from apps.core.counting import expected

_COLUMNS = frozenset({"haystack", "tag_ids", "performer_ids", "studio", "studio_id"})
_PAGE = 50
_Videos = TypeVar("_Videos", bound=QuerySet[Any])


def found(videos: _Videos, condition: Q, *, whole: bool = False) -> _Videos:
    """The videos that a condition holds for. ``whole``: for who reads or counts all of them, not a
    page."""
    told, rest = part(condition)
    each = videos.filter(condition)
    if not told:
        return each
    index: Any = videos.model._meta.get_field("index").related_model
    by_index = videos.filter(rest, pk__in=index.objects.filter(told).values("pk"))
    return min(each, by_index, key=lambda way: _cost(way, whole=whole))


def _cost(videos: QuerySet[Any], *, whole: bool) -> float:
    keys = videos.values("pk")
    newest = keys.order_by("-added_at", "-pk")[:_PAGE]
    return expected(keys.order_by() if whole else newest).cost


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
        named: Any = expression
        return not isinstance(expression, OuterRef) and named.name in _COLUMNS
    return not isinstance(expression, Subquery | RawSQL)
