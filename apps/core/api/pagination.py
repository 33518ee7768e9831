"""Lists in pages: by cursor, or by number with ``?page=``."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from apps.core.api.keyset import Cursor, Key, Keyset, read_cursor
from apps.core.counting import RowCount, count_rows

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 500
_LAST_PAGE = 1_000_000
COUNT_COST = 2_000.0  # of PostgreSQL's planner: some 5 ms, a page takes 10 to 20
_NULLS = "Rows without a value count as the smallest."
PARAMETERS = ("cursor", "page", "page_size", "ordering")


class CursorOrPagePagination(BasePagination):
    """The one envelope of all lists.

    The view names its orders: ``ordering_fields`` maps a public key to a column, and
    ``default_ordering`` is what ``?ordering=`` would say.
    """

    count: RowCount
    next: str | None
    previous: str | None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        size = page_size(request)
        ordering = request.query_params.get("ordering") or view.default_ordering
        ordered, order = self.in_order(queryset, ordering, view)
        self._url = request.build_absolute_uri()
        if "page" not in request.query_params:
            rows = self._by_cursor(ordered, order, size=size, cursor=read_position(request, order))
        elif "cursor" in request.query_params:
            raise ValidationError({"page": ["Give either a page or a cursor."]})
        else:
            rows = self._by_number(ordered, order, size=size, number=_page(request))
        alone = ordered is queryset and self.next is None and self.previous is None
        known = len(rows) + (self.next is not None) + (self.previous is not None)
        self.count = RowCount(len(rows)) if alone else self.counted(queryset).at_least(known)
        return rows

    def in_order(
        self, queryset: "models.QuerySet[Any]", ordering: str, view: Any
    ) -> tuple["models.QuerySet[Any]", Keyset]:
        """The rows that are listed, and the order that ``ordering`` names. Raises ValidationError.

        A list may rank some of its rows and leave the others out; all are counted.
        """
        return queryset, parse_ordering(ordering, view.ordering_fields, queryset.model)

    def counted(self, queryset: "models.QuerySet[Any]") -> RowCount:
        """How many rows the list has in all."""
        return count_rows(queryset, planned=True, most_cost=COUNT_COST)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.count.rows,
                "count_is_estimate": not self.count.is_exact,
                "next": self.next,
                "previous": self.previous,
                "results": data,
            }
        )

    def rows_after(
        self,
        queryset: "models.QuerySet[Any]",
        order: Keyset,
        position: tuple[Any, ...],
        *,
        limit: int,
    ) -> "models.QuerySet[Any]":
        """The next rows of an order."""
        return order.rows_after(queryset, position, limit=limit)

    def read(self, rows: "models.QuerySet[Any]", _order: Keyset) -> list[Any]:
        """The rows of a page; those of an order's columns are all that pages themselves need."""
        return list(rows)

    def _by_cursor(
        self, queryset: "models.QuerySet[Any]", order: Keyset, *, size: int, cursor: Cursor
    ) -> list[Any]:
        towards = order.reversed() if cursor.backwards else order
        rows = self.read(self.rows_after(queryset, towards, cursor.position, limit=size + 1), order)
        more, rows = len(rows) > size, rows[:size]
        left = bool(cursor.position)  # whether there are rows on the side that we come from
        if cursor.backwards:
            rows.reverse()
        before, behind = (more, left) if cursor.backwards else (left, more)
        # From a page whose rows have gone it goes on at that end of the list.
        first, last = (order.position(rows[0]), order.position(rows[-1])) if rows else ((), ())
        self.previous = self._cursor_link(Cursor(first, backwards=True), order) if before else None
        self.next = self._cursor_link(Cursor(last, backwards=False), order) if behind else None
        return rows

    def _by_number(
        self, queryset: "models.QuerySet[Any]", order: Keyset, *, size: int, number: int
    ) -> list[Any]:
        ordered = queryset.order_by(*order.order_by())
        start = (number - 1) * size
        # The rows to skip are skipped in the index alone; only those shown are read.
        shown = ordered.values("pk")[start : start + size + 1]
        rows = self.read(ordered.filter(pk__in=shown), order)
        if not rows and number > 1:
            raise NotFound("There is no such page: the list ends before it.")
        self.next = self._page_link(number + 1) if len(rows) > size else None
        self.previous = self._page_link(number - 1) if number > 1 else None
        return rows[:size]

    def _cursor_link(self, cursor: Cursor, order: Keyset) -> str:
        return replace_query_param(self._url, "cursor", cursor.text(order))

    def _page_link(self, number: int) -> str:
        return replace_query_param(remove_query_param(self._url, "cursor"), "page", str(number))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["count", "count_is_estimate", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "nullable": True},
                "count_is_estimate": {"type": "boolean"},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        keys = ", ".join(f"`{name}`" for name in sorted(view.ordering_fields))
        order = f"Keys separated by commas, each with `-` for descending: {keys}. {_NULLS}"
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE_SIZE}
        number = {"type": "integer", "minimum": 1, "maximum": _LAST_PAGE}
        return [
            _parameter("cursor", "From `next` or `previous`: where the page begins."),
            _parameter("page", "A page by its number, instead of a cursor.", number),
            _parameter("page_size", "Rows in a page.", {**size, "default": DEFAULT_PAGE_SIZE}),
            _parameter("ordering", order, {"type": "string", "default": view.default_ordering}),
        ]


def _parameter(name: str, text: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    schema = schema or {"type": "string"}
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def parse_ordering(text: str, columns: Mapping[str, str], model: type["models.Model"]) -> Keyset:
    """The order that ``-rating,duration`` names. Raises ValidationError for an unknown key.

    The primary key is added in the direction of the last key, as in the indexes.
    """
    keys: dict[str, Key] = {}
    for word in text.split(","):
        name = word.strip().removeprefix("-")
        if name not in columns:
            known = ", ".join(sorted(columns))
            raise ValidationError({"ordering": [f"There is no key {name!r}. Known: {known}."]})
        field = model._meta.get_field(columns[name])
        keys.setdefault(name, Key(name, field, descending=word.strip().startswith("-")))  # type: ignore[arg-type]
    if "id" not in keys:
        last = list(keys.values())[-1]
        keys["id"] = Key("id", model._meta.pk, last.descending)
    return Keyset(tuple(keys.values()))


def read_position(request: Request, order: Keyset) -> Cursor:
    """Where a page begins. Raises ValidationError."""
    text = request.query_params.get("cursor")
    if text is None:
        return Cursor((), backwards=False)
    try:
        return read_cursor(text, order)
    except ValueError as error:
        raise ValidationError({"cursor": [str(error)]}) from error


def page_size(request: Request) -> int:
    """How many rows a page shall have. Raises ValidationError."""
    return _whole(request, "page_size", default=DEFAULT_PAGE_SIZE, most=LARGEST_PAGE_SIZE)


def _page(request: Request) -> int:
    return _whole(request, "page", default=1, most=_LAST_PAGE)


def _whole(request: Request, name: str, *, default: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    # its first digits alone would say nothing: they may be zeros
    known = text.isascii() and text.isdigit() and len(text) < 10
    if not (known and 1 <= int(text) <= most):
        raise ValidationError({name: [f"Give a whole number from 1 to {most:,}."]})
    return int(text)
