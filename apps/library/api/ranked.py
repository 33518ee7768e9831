"""Lists of videos: by relevance, why so, and with typing errors forgiven."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.keyset import Cursor, Keyset
from apps.core.api.pagination import (
    COUNT_COST,
    CursorOrPagePagination,
    page_size,
    parse_ordering,
    read_position,
)
from apps.core.counting import Expected, RowCount, count_rows, expected_count, few_rows
from apps.library.models import Video
from apps.library.search import Question
from apps.library.search.forgiving import Forgiven, forgive
from apps.library.search.ranking import RELEVANCE, explain_ranks, in_order


class VideoPagination(CursorOrPagePagination):
    """As all lists; also by ``relevance``, and forgiving where nothing is found.

    The view's ``question`` is what ``q`` asks; ``forgiven`` makes the answer say what was meant.
    """

    forgiven: Forgiven | None = None
    few: int | None = None
    foreseen = Expected()
    beside: bool = False  # whether the list was cut to what lies behind the cursor

    def in_order(
        self, queryset: "QuerySet[Any]", ordering: str, view: Any
    ) -> tuple["QuerySet[Any]", Keyset]:
        if RELEVANCE not in ordering:
            return super().in_order(queryset, ordering, view)
        ordered = in_order(view.question, ordering, videos=queryset)
        return ordered.videos, ordered.order

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        rows = self._paginate(queryset, request, view)
        if rows or not view.question:
            return rows
        self.forgiven = forgive(view.question)
        if self.forgiven is None:
            return rows
        return self._paginate(view.filter_again(self.forgiven.question), request, view)

    def _paginate(self, queryset: Any, request: Request, view: Any) -> list[Any]:
        """What is few and hard to find is found once, for the page and for the count."""
        order = _order_of(request, view)
        self.foreseen = expected_count(queryset) if queryset.query.where else Expected()
        found = few_rows(
            queryset, "pk", *order.columns(), foreseen=self.foreseen, order_by=order.order_by()
        )
        self.few, self.beside = None if found is None else len(found), False
        if found is not None:
            if order.keys and "page" not in request.query_params:
                cursor = read_position(request, order)
                near = _around(found, cursor, page_size(request) + 1)
                found, self.beside = (found, False) if near is None else (near, True)
            keys = RawSQL("SELECT unnest(%s::bigint[])", [[pk for pk, *_position in found]])
            queryset = view.get_queryset().filter(pk__in=keys)
        return super().paginate_queryset(queryset, request, view)

    def rows_after(
        self, queryset: "QuerySet[Any]", order: Keyset, position: tuple[Any, ...], *, limit: int
    ) -> "QuerySet[Any]":
        # what is settled already, the planner could only misjudge
        known = () if self.beside else position
        return super().rows_after(queryset, order, known, limit=limit)

    def read(self, rows: "QuerySet[Any]", order: Keyset) -> list[Any]:
        # what is shown of videos is looked up by their ids
        return list(rows.values_list(*order.columns(), named=True))

    def counted(self, queryset: "QuerySet[Any]") -> RowCount:
        if self.few is not None:
            return RowCount(self.few)
        return count_rows(queryset, planned=True, foreseen=self.foreseen, most_cost=COUNT_COST)

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        if self.forgiven:
            response.data["forgiven"] = [
                {"from": one.typed, "to": one.meant} for one in self.forgiven.replaced
            ]
        return response

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        for one in parameters:
            if one["name"] == "ordering":
                one["description"] += f" `-{RELEVANCE}` is the best match of the query's words."
        return parameters


def _order_of(request: Request, view: Any) -> Keyset:
    """The order of a list by columns; what is yet to be ranked is in none."""
    ordering = request.query_params.get("ordering") or view.default_ordering
    if RELEVANCE in ordering:
        return Keyset(())
    return parse_ordering(ordering, view.ordering_fields, Video)


def _around(
    found: list[tuple[Any, ...]], cursor: Cursor, count: int
) -> list[tuple[Any, ...]] | None:
    """The rows next to a place in their order, unless that is none of theirs any more."""
    places = [position for _pk, *position in found]
    if not cursor.position:
        at = len(found) if cursor.backwards else -1
    elif list(cursor.position) in places:
        at = places.index(list(cursor.position))
    else:
        return None
    return found[:at][-count:] if cursor.backwards else found[at + 1 :][:count]


def with_ranks(shown: list[dict[str, Any]], question: Question | None) -> list[dict[str, Any]]:
    """Videos as the API shows them, each with its rank, if there is a question."""
    if question is None:
        return [{**video, "rank": None} for video in shown]
    ranks = explain_ranks(question, [video["id"] for video in shown])
    return [{**video, "rank": ranks.get(video["id"])} for video in shown]
