"""Pages of rows by the address's ``cursor``."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse

from apps.core.api.keyset import Cursor, Key, Keyset, read_cursor

_FIRST = Cursor((), backwards=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursors of the pages before and after, if there are any."""

    rows: list[Any] = field(default_factory=list)
    previous: str = ""
    next: str = ""


def order_by(model: type[Model], *columns: str) -> Keyset:
    """Rising by columns and the primary key."""
    fields: list[Any] = [*(model._meta.get_field(name) for name in columns), model._meta.pk]
    return Keyset(tuple(Key(one.name, one, descending=False) for one in fields))


def read_page(rows: "QuerySet[Any]", order: Keyset, text: str, *, size: int) -> Page:
    """The page of a cursor; the first one for a cursor that can't be used."""
    try:
        cursor = read_cursor(text, order) if text else _FIRST
    except ValueError:
        cursor = _FIRST
    way = order.reversed() if cursor.backwards else order
    found = list(way.rows_after(rows, cursor.position, limit=size + 1))
    more, found = len(found) > size, found[:size]
    if not found:
        return Page()
    came = bool(cursor.position)
    if cursor.backwards:
        found.reverse()
    before, behind = (more, came) if cursor.backwards else (came, more)
    ends = [tuple(order.position(row)) for row in (found[0], found[-1])]
    return Page(
        found,
        Cursor(ends[0], backwards=True).text(order) if before else "",
        Cursor(ends[1], backwards=False).text(order) if behind else "",
    )


def addresses(page: Page, name: str, *args: Any) -> dict[str, str]:
    """``previous`` and ``next`` as addresses of an admin page."""
    cursors = {"previous": page.previous, "next": page.next}
    return {
        way: reverse(f"admin:{name}", args=args, query={"cursor": cursor}) if cursor else ""
        for way, cursor in cursors.items()
    }
