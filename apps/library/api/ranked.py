"""Lists of videos: by relevance, why so, and with typing errors forgiven."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.keyset import Keyset
from apps.core.api.pagination import CursorOrPagePagination
from apps.core.counting import RowCount, few_keys
from apps.library.search import Question
from apps.library.search.forgiving import Forgiven, forgive
from apps.library.search.ranking import RELEVANCE, explain_ranks, in_order


class VideoPagination(CursorOrPagePagination):
    """As all lists; also by ``relevance``, and forgiving where nothing is found.

    The view's ``question`` is what ``q`` asks; ``forgiven`` makes the answer say what was meant.
    """

    forgiven: Forgiven | None = None
    few: int | None = None

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
        keys = few_keys(queryset)
        self.few = None if keys is None else len(keys)
        if keys is not None:
            found = RawSQL("SELECT unnest(%s::bigint[])", [keys])
            queryset = view.get_queryset().filter(pk__in=found)
        return super().paginate_queryset(queryset, request, view)

    def counted(self, queryset: "QuerySet[Any]") -> RowCount:
        return super().counted(queryset) if self.few is None else RowCount(self.few)

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


def with_ranks(shown: list[dict[str, Any]], question: Question | None) -> list[dict[str, Any]]:
    """Videos as the API shows them, each with its rank, if there is a question."""
    if question is None:
        return [{**video, "rank": None} for video in shown]
    ranks = explain_ranks(question, [video["id"] for video in shown])
    return [{**video, "rank": ranks.get(video["id"])} for video in shown]
