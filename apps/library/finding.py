"""Finding videos by their labels, where that is the shorter way.

``VideoLabels`` has columns of the same names as ``Video``, so that a condition on these alone can
be put to either. Videos of a rare label are found soonest there; of a common one, a page is filled
sooner by going through the videos in an order, and asking each. No statement leaves that choice to
PostgreSQL's planner, but it says what each way would cost.
"""

import math
from collections.abc import Iterator
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from apps.core.counting import expected


class _IsOneOf(Func):
    """Whether a key is in an array, which is made first: a subquery in its place the planner may
    go through once for each row of an order, if it expects few of these and is wrong."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()
    conditional = True


_COLUMNS = frozenset({"tag_ids", "performer_ids", "studio", "studio_id"})
_PAGE = 50
_CHEAP = 3_000.0  # of the planner's units, some ms: to weigh another way takes one
_MOST_WAYS = 5
_Videos = TypeVar("_Videos", bound=QuerySet[Any])


def found(videos: _Videos, condition: Q, *, whole: bool = False) -> _Videos:
    """The videos that a condition holds for. ``whole``: for who reads or counts all of them, not a
    page."""
    ways = list(islice(_ways(videos, condition), _MOST_WAYS))
    best, least = ways[0], math.inf
    for way in ways if len(ways) > 1 else ():
        cost = _cost(way, whole=whole)
        if cost < least:
            best, least = way, cost
        if least <= _CHEAP:
            break
    return best


def _cost(videos: QuerySet[Any], *, whole: bool) -> float:
    keys = videos.values("pk")
    newest = keys.order_by("-added_at", "-pk")[:_PAGE]
    return expected(keys.order_by() if whole else newest).cost


def _ways(videos: _Videos, condition: Q) -> Iterator[_Videos]:
    """Queries of the same videos."""
    yield videos.filter(condition)
    parts = list(_parts(condition, Q.AND))
    told, rest = _told_and_rest(parts)
    if told:
        yield videos.filter(*rest, _IsOneOf(F("pk"), ArraySubquery(_labelled(videos, Q(*told)))))
    for part in rest:
        # what a label or something else tells, such as a word: each from where it is known
        told, other = _told_and_rest(_parts(part, Q.OR))
        if told and other:
            others = videos.model._default_manager.filter(
                *(one for one in parts if one is not part)
            )
            by_labels = others.filter(pk__in=_labelled(videos, reduce(or_, told))).values("pk")
            either = others.filter(reduce(or_, other)).values("pk").union(by_labels, all=True)
            yield videos.filter(_IsOneOf(F("pk"), ArraySubquery(either)))


def _labelled(videos: QuerySet[Any], condition: Q) -> QuerySet[Any]:
    """The keys of videos with some labels."""
    labels: Any = videos.model._meta.get_field("labels").related_model
    keys: QuerySet[Any] = labels.objects.filter(condition).values("pk")
    return keys


def _parts(condition: Q, connector: str) -> Iterator[Q]:
    """The conditions that one is put together of; itself, if it isn't."""
    if condition.negated or (condition.connector != connector and len(condition.children) > 1):
        yield condition
        return
    for child in condition.children:
        if isinstance(child, Q):
            yield from _parts(child, connector)
        else:
            yield Q(child)


def _told_and_rest(conditions: "Iterator[Q] | list[Q]") -> tuple[list[Q], list[Q]]:
    """Those that are about nothing but labels, and the others."""
    both: tuple[list[Q], list[Q]] = [], []
    for condition in conditions:
        both[not _is_told(condition)].append(condition)
    return both


def _is_told(condition: Any) -> bool:
    if isinstance(condition, Q):
        return all(_is_told(child) for child in condition.children)
    if isinstance(condition, tuple):
        return condition[0].partition("__")[0] in _COLUMNS
    return all(_is_within(one) for one in condition.flatten())


def _is_within(expression: Any) -> bool:
    if isinstance(expression, F):
        named: Any = expression
        return not isinstance(expression, OuterRef) and named.name in _COLUMNS
    if isinstance(expression, Q):
        return _is_told(expression)
    return not isinstance(expression, Subquery | RawSQL)
