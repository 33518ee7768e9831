"""What writing a query takes: the language's fields, what may come next, what could be chosen."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import StrictView
from apps.library.api import search_shapes
from apps.library.search import Asker, all_fields
from apps.library.search.completion import complete
from apps.library.search.facets import facets_of
from apps.library.search.facets_kinds import USUAL
from apps.library.search.limits import limited


class SearchActions(StrictView):
    """Of the list of videos."""

    @extend_schema(responses=search_shapes.FieldShape(many=True), filters=False)
    @action(detail=False, pagination_class=None, filter_backends=[])
    def fields(self, _request: Request, **_kwargs: Any) -> Response:
        """All fields of the query language, the invented ones last."""
        return Response(search_shapes.FieldShape(all_fields(), many=True).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("q", description="a query, as far as it is typed"),
            OpenApiParameter("at", int, description="the caret, from 0; else the query's end"),
        ],
        responses=search_shapes.CompletionShape,
        filters=False,
    )
    @action(detail=False, pagination_class=None, filter_backends=[], parameters=("q", "at"))
    def complete(self, request: Request, **_kwargs: Any) -> Response:
        """What may be meant at the caret of a query. Half a query is no error."""
        asked = search_shapes.CaretSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        text = asked.validated_data["q"]
        at = asked.validated_data.get("at", len(text))
        with limited():
            found = complete(text, at, asker=Asker.of(request.user))
        return Response(search_shapes.CompletionShape(found).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("q", description="a query"),
            OpenApiParameter("fields", description="names separated by commas; else the usual"),
        ],
        responses=search_shapes.FacetsShape,
        filters=False,
    )
    @action(detail=False, pagination_class=None, filter_backends=[], parameters=("q", "fields"))
    def facets(self, request: Request, **_kwargs: Any) -> Response:
        """How many of a query's videos have each value of some fields.

        Each field leaves the query's own conditions on it aside. Up to a minute old.
        """
        wanted = request.query_params.get("fields", "")
        names = [name.strip() for name in wanted.split(",") if name.strip()] or USUAL
        text = request.query_params.get("q", "")
        found = facets_of(text, asker=Asker.of(request.user), names=names)
        return Response(asdict(found))
