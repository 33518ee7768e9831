"""Counting rows without reading a million of them."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models.expressions import OrderBy

COUNT_CAP = 10_000
_SURELY_MORE = 5
_FEW = 1_000
_MOST_FEW = 2_000
_FEW_COST = 50_000.0  # of PostgreSQL's planner: some 50 ms
_ARRAY = 10  # elements: what the planner takes any array of a subquery to have
_ROW_COST = 2.0  # of finding a row by its key
_DEAR = 25  # times what counting may cost, however few there are


class Precision(Enum):
    """How a number of rows is meant."""

    EXACT = "exact"
    AT_LEAST = "at least"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class RowCount:
    """A number of rows, and how exact it is."""

    rows: int
    precision: Precision = Precision.EXACT

    def at_least(self, rows: int) -> "RowCount":
        """The same, but that so many rows were seen: an estimate may be below them."""
        return replace(self, rows=max(self.rows, rows))

    @property
    def is_exact(self) -> bool:
        return self.precision is Precision.EXACT

    def __str__(self) -> str:
        if self.precision is Precision.AT_LEAST:
            return f"{self.rows:,}+"
        return f"≈ {self.rows:,}" if self.precision is Precision.ABOUT else f"{self.rows:,}"


@dataclass(frozen=True, slots=True)
class Expected:
    """How many rows PostgreSQL's planner expects of a query, without its limit, and what it says
    that answering it costs, in its own units. Both come from its statistics alone."""

    rows: int = 0
    cost: float = 0.0


def expected(rows: "models.QuerySet[Any, Any]") -> Expected:
    """Ask the planner; no rows are read."""
    try:
        told = rows.explain(format="json")
    except EmptyResultSet:
        return Expected()
    if not told:  # nor is the planner asked for what Django sees to be nothing
        return Expected()
    plan = json.loads(told)[0]["Plan"]
    many, cost = float(_without_limit(plan)["Plan Rows"]), float(plan["Total Cost"])
    for array in _arrays(plan):
        many *= array["Plan Rows"] / _ARRAY
        cost += array["Plan Rows"] * _ROW_COST
    return Expected(int(many), cost)


def _without_limit(plan: dict[str, Any]) -> dict[str, Any]:
    if plan["Node Type"] != "Limit":
        return plan
    return next(one for one in plan["Plans"] if one["Parent Relationship"] == "Outer")


def _arrays(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plans of arrays that are made of subqueries first."""
    for inner in plan.get("Plans", ()):
        if inner["Parent Relationship"] == "InitPlan":
            yield inner
        yield from _arrays(inner)


def expected_count(rows: "models.QuerySet[Any]", *, cap: int = COUNT_CAP) -> Expected:
    """What counting up to ``cap`` is expected to come to."""
    return expected(rows.order_by().values("pk")[: cap + 1])


def count_rows(
    rows: "models.QuerySet[models.Model]",
    *,
    cap: int = COUNT_CAP,
    planned: bool = False,
    foreseen: Expected | None = None,
    most_cost: float = math.inf,
) -> RowCount:
    """Exact up to ``cap``; beyond it "at least ``cap``", or for a whole table about how many.

    Reads ``cap`` + 1 rows at most; the estimate is PostgreSQL's own, kept by its autovacuum. With
    ``planned``, some of a table's rows are estimated too, by its planner; if it expects many times
    ``cap``, none are read, nor if it expects more than a thousand and that counting them costs
    more than ``most_cost`` (in its own units), or fewer and many times that. It isn't asked again
    if that is ``foreseen``.
    """
    is_whole = not rows.query.where and not rows.query.is_sliced
    if is_whole or not planned:
        foreseen = Expected()
    elif foreseen is None:
        foreseen = expected_count(rows, cap=cap)
    dear = most_cost if foreseen.rows > _FEW else most_cost * _DEAR
    if foreseen.rows > cap * _SURELY_MORE or foreseen.cost > dear:
        return RowCount(foreseen.rows, Precision.ABOUT)
    counted = rows.order_by().values("pk")[: cap + 1].count()
    if counted <= cap:
        return RowCount(counted)
    if is_whole:
        return RowCount(max(_estimate(rows.model._meta.db_table), cap), Precision.ABOUT)
    if planned:
        return RowCount(max(foreseen.rows, counted), Precision.ABOUT)
    return RowCount(cap, Precision.AT_LEAST)


def few_rows(
    rows: "models.QuerySet[models.Model]",
    *columns: str,
    foreseen: Expected,
    order_by: Sequence[OrderBy] = (),
) -> list[tuple[Any, ...]] | None:
    """Columns of all rows, if they are few; nothing if that isn't known to be cheap.

    Whoever wants a page of rows that are hard to find, and their count, finds them once so. The
    planner has to expect few; should there be more nevertheless, no more than a few are read.
    """
    if not rows.query.where or rows.query.is_sliced:
        return None
    if foreseen.rows > _FEW or foreseen.cost > _FEW_COST:
        return None
    found = list(rows.order_by(*order_by).values_list(*columns)[: _MOST_FEW + 1])
    return found if len(found) <= _MOST_FEW else None


def _estimate(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])
