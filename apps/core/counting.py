"""Counting rows without reading a million of them."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models.expressions import OrderBy

COUNT_CAP = 10_000
_SURELY_MORE = 5
_FEW = 1_000
_MOST_FEW = 2_000


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

    @property
    def is_exact(self) -> bool:
        return self.precision is Precision.EXACT

    def __str__(self) -> str:
        if self.precision is Precision.AT_LEAST:
            return f"{self.rows:,}+"
        return f"≈ {self.rows:,}" if self.precision is Precision.ABOUT else f"{self.rows:,}"


def count_rows(
    rows: "models.QuerySet[models.Model]",
    *,
    cap: int = COUNT_CAP,
    planned: bool = False,
    most_cost: float = math.inf,
) -> RowCount:
    """Exact up to ``cap``; beyond it "at least ``cap``", or for a whole table about how many.

    Reads ``cap`` + 1 rows at most; the estimate is PostgreSQL's own, kept by its autovacuum. With
    ``planned``, some of a table's rows are estimated too, by its planner; if it expects many times
    ``cap``, none are read, nor if it expects more than a thousand and that counting them costs
    more than ``most_cost`` (in its own units).
    """
    is_whole = not rows.query.where and not rows.query.is_sliced
    expected, cost = _plan(rows, cap=cap) if planned and not is_whole else (0, 0.0)
    if expected > cap * _SURELY_MORE or (expected > _FEW and cost > most_cost):
        return RowCount(expected, Precision.ABOUT)
    counted = rows.order_by().values("pk")[: cap + 1].count()
    if counted <= cap:
        return RowCount(counted)
    if is_whole:
        return RowCount(max(_estimate(rows.model._meta.db_table), cap), Precision.ABOUT)
    if planned:
        return RowCount(max(expected, counted), Precision.ABOUT)
    return RowCount(cap, Precision.AT_LEAST)


def few_rows(
    rows: "models.QuerySet[models.Model]", *columns: str, order_by: Sequence[OrderBy] = ()
) -> list[tuple[Any, ...]] | None:
    """Columns of all rows, if they are few; nothing if that isn't known to be cheap.

    Whoever wants a page of rows that are hard to find, and their count, finds them once so. The
    planner has to expect few; should there be more nevertheless, no more than a few are read.
    """
    if not rows.query.where or rows.query.is_sliced or _plan(rows, cap=_MOST_FEW)[0] > _FEW:
        return None
    found = list(rows.order_by(*order_by).values_list(*columns)[: _MOST_FEW + 1])
    return found if len(found) <= _MOST_FEW else None


def expected_rows(rows: "models.QuerySet[Any]") -> int:
    """How many rows PostgreSQL's planner expects by its statistics; none are read."""
    try:
        plan = json.loads(rows.order_by().values("pk").explain(format="json"))
    except EmptyResultSet:
        return 0
    return int(plan[0]["Plan"]["Plan Rows"])


def _estimate(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


def _plan(rows: "models.QuerySet[models.Model]", *, cap: int) -> tuple[int, float]:
    """How many rows PostgreSQL's planner expects, and what it says that counting to ``cap`` costs.

    Both come from its statistics alone.
    """
    try:
        plan = rows.order_by().values("pk")[: cap + 1].explain(format="json")
    except EmptyResultSet:
        return 0, 0.0
    limit = json.loads(plan)[0]["Plan"]
    return int(limit["Plans"][0]["Plan Rows"]), float(limit["Total Cost"])
