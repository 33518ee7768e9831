"""Lists that stay fast however long they are."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

from apps.core.counting import COUNT_CAP, RowCount, count_rows

_COUNT_COST = 30_000.0  # of PostgreSQL's planner: some 50 ms


class BoundedPaginator(Paginator):
    """Counts no more rows than it offers, so that neither the count nor the last page is slow."""

    template_name = "admin/core/_pagination.html"

    @cached_property
    def rows(self) -> RowCount:
        rows: Any = self.object_list
        counted = count_rows(rows, planned=True, most_cost=_COUNT_COST)
        if counted.is_exact or counted.rows > COUNT_CAP:
            return counted
        return count_rows(rows)  # by an estimate no page may be lacking

    @cached_property
    def count(self) -> int:
        return min(self.rows.rows, COUNT_CAP)

    @property
    def is_bounded(self) -> bool:
        """Whether there are rows that no page shows."""
        return not self.rows.is_exact


class StableChangeList(ChangeList):  # type: ignore[misc]
    """Ends every order in the primary key, in the direction of what stands before it.

    Django's own tie-break is always descending, which no index serves when the rest ascends.
    """

    result_list: Any

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        # What the list is sorted by is not to be sorted further by what it was sorted by before.
        ordering: list[Any] = super().get_ordering(request, queryset.order_by())
        if len(ordering) > 1 and ordering[-1] == "-pk" and not _descends(ordering[-2]):
            ordering[-1] = "pk"
        return ordering


def rising(field: str) -> OrderBy:
    """A column's order from the smallest up, unknown values first: the index read backwards."""
    return F(field).asc(nulls_first=True)


def _descends(part: Any) -> bool:
    return part.descending if isinstance(part, OrderBy) else str(part).startswith("-")
