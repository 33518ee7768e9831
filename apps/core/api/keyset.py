"""Pages by position instead of by number: the thousandth costs what the first does.

A page is "the rows after this one" in an order of several keys that ends in the primary key. A null
counts as the smallest value, as in the indexes (``DESC NULLS LAST``), which serve both directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.core import signing
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import OrderBy

Row = TypeVar("Row", bound=models.Model)
_SIGNER = signing.Signer(salt="mediahub.cursor")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order, over a column of the model."""

    name: str
    field: "models.Field[Any, Any]"
    descending: bool

    def order_by(self) -> OrderBy:
        column = F(self.field.attname)
        if not self.field.null:
            return OrderBy(column, descending=self.descending)
        return column.desc(nulls_last=True) if self.descending else column.asc(nulls_first=True)

    def equal_to(self, value: Any) -> Q:
        if value is None:
            return Q(**{f"{self.field.attname}__isnull": True})
        return Q(**{self.field.attname: value})


@dataclass(frozen=True, slots=True)
class Keyset:
    """A total order of a model's rows."""

    keys: tuple[Key, ...]

    def order_by(self) -> list[OrderBy]:
        return [key.order_by() for key in self.keys]

    def columns(self) -> list[str]:
        """What a position is made of; by the last of them it is one row's."""
        return [key.field.attname for key in self.keys]

    def reversed(self) -> "Keyset":
        return Keyset(tuple(replace(key, descending=not key.descending) for key in self.keys))

    def position(self, row: models.Model) -> tuple[Any, ...]:
        """The row's place in this order."""
        return tuple(getattr(row, column) for column in self.columns())

    def rows_after(
        self, rows: "models.QuerySet[Row]", position: Sequence[Any], *, limit: int
    ) -> "models.QuerySet[Row]":
        """The next ``limit`` rows behind a position, in order; the first ones if it is empty.

        An OR of conditions would keep PostgreSQL from starting in the middle of an index. Each
        condition is therefore a query of its own, which can, and the pages are merged. Keys whose
        value a condition settles aren't sorted by in it, so that an index on the others will do.
        """
        ordered = rows.order_by(*self.order_by())
        if not position:
            return ordered[:limit]
        pages = [
            rows.filter(part).order_by(*Keyset(self.keys[settled:]).order_by())[:limit]
            for part, settled in self._after(position)
        ]
        if len(pages) == 1:
            return pages[0]
        first, *others = [page.values("pk") for page in pages]
        return ordered.filter(pk__in=first.union(*others, all=True))[:limit]

    def _after(self, position: Sequence[Any]) -> list[tuple[Q, int]]:
        """Conditions, no two true of the same row, one of which is true of each row behind.

        Each with how many keys, from the first on, have one value in all rows that it is true of.
        """
        run = self._run(position)
        parts: list[tuple[Q, int]] = []
        for i in range(run, -1, -1):
            key, value = self.keys[i], position[i]
            same = Q()
            for before, its_value in zip(self.keys[:i], position[:i], strict=True):
                same &= before.equal_to(its_value)
            if value is None:
                if not key.descending:  # nulls come first: all others follow
                    parts.append((same & Q(**{f"{key.field.attname}__isnull": False}), i))
                continue
            last = len(self.keys) if i == run else i + 1
            after = RowIsAfter(self.keys[i:last], position[i:last])
            parts.append((same & Q(after), i))
            if key.field.null and key.descending:
                parts.append((same & key.equal_to(None), i + 1))
        return parts

    def _run(self, position: Sequence[Any]) -> int:
        """From which key on one comparison of rows does: same direction, and nulls impossible.

        The first of them may be nullable: a comparison that begins with a null is never true.
        """
        start = len(self.keys) - 1
        while start > 0:
            here, before = self.keys[start], self.keys[start - 1]
            if here.field.null or here.descending != before.descending:
                break
            if position[start - 1] is None:
                break
            start -= 1
        return start


class RowIsAfter(Func):
    """``(a, b) > (1, 2)``, which PostgreSQL answers with one range of an index."""

    template = "%(expressions)s"
    output_field = models.BooleanField()
    conditional = True

    def __init__(self, keys: Sequence[Key], position: Sequence[Any]) -> None:
        columns = [F(key.field.attname) for key in keys]
        values = [Value(v, output_field=k.field) for k, v in zip(keys, position, strict=True)]
        sign = " < " if keys[0].descending else " > "
        super().__init__(_Tuple(*columns), _Tuple(*values), arg_joiner=sign)


class _Tuple(Func):
    template = "(%(expressions)s)"
    output_field: "models.Field[Any, Any]" = models.Field()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins, and whether it lies before that place instead of behind it.

    Without a position it begins at the list's beginning, or backwards at its end.
    """

    position: tuple[Any, ...]
    backwards: bool

    def text(self, order: Keyset) -> str:
        """Signed, so that it comes back as it went."""
        values = [v.isoformat() if hasattr(v, "isoformat") else v for v in self.position]
        return _SIGNER.sign_object([_names(order), self.backwards, values], compress=True)


def read_cursor(text: str, order: Keyset) -> Cursor:
    """Raises ValueError for one that we didn't make for this order."""
    try:
        names, backwards, values = _SIGNER.unsign_object(text)
    except (signing.BadSignature, ValueError) as error:
        raise ValueError("This is no cursor of ours.") from error
    if names != _names(order):
        raise ValueError("This cursor belongs to another ordering.")
    pairs = zip(order.keys, values, strict=bool(values))
    return Cursor(tuple(key.field.to_python(value) for key, value in pairs), backwards)


def _names(order: Keyset) -> list[str]:
    return [f"{'-' if key.descending else ''}{key.name}" for key in order.keys]
