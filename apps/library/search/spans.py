"""Conditions on numbers and times: a value is a span, and a column is before, in or behind it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.library.search.asker import Asker
from apps.library.search.field import ALL, NOTHING, Field, Offer, Scope, is_word
from apps.query import Range, Value
from apps.query.values import (
    BITS,
    BYTES,
    Span,
    read_day,
    read_duration,
    read_picture_size,
    read_resolution,
)

_BYTES = ("MB", "GB", "KB", "TB", "MiB", "GiB")
_BITS = ("Mbps", "kbps", "Gbps")
_AGO = ("h", "d", "w", "mo", "y")


@dataclass(frozen=True)
class SpanField(Field):
    """A column with an order. ``column`` is what stands before ``__lt``."""

    operators = ALL

    column: str
    nullable: bool = True

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none") or is_word(value, "any"):
            return self.unknown() if is_word(value, "none") else ~self.unknown()
        try:
            if isinstance(value, Range):
                return self._between(value, operator, scope)
            return self._compared(self.read(value.text, scope), operator)
        except ValueError as error:
            raise self.refuse(value, str(error)) from error

    def read(self, text: str, scope: Scope) -> Span:
        """What a value stands for. Raises ValueError."""
        raise NotImplementedError

    def offers(self, text: str, asker: Asker, *, limit: int) -> Sequence[Offer]:
        """Hints, since the values can't be listed: units, dates, what the examples have."""
        words = [*self.hints(text, asker), *(["none", "any"] if self.nullable else [])]
        typed = text.lower()
        fitting = [word for word in dict.fromkeys(words) if word.lower().startswith(typed)]
        return [Offer(word) for word in fitting[:limit]]

    def hints(self, text: str, asker: Asker) -> Sequence[str]:
        """Values that may be meant, any of which may be offered that begins with the text."""
        written = (re.sub(r"^\w+(?:[<>]=?|!=|[:=])", "", one) for one in self.examples)
        return [*written, *(value for value, _label in self.choices())]

    def unknown(self) -> Q:
        """Videos that have no value."""
        return Q(**{f"{self.column}__isnull": True}) if self.nullable else NOTHING

    def bound(self, edge: Any) -> Any:
        """An edge of a span as the column has it."""
        return edge

    def at_least(self, edge: Any) -> Q:
        return Q(**{f"{self.column}__gte": self.bound(edge)})

    def below(self, edge: Any) -> Q:
        return Q(**{f"{self.column}__lt": self.bound(edge)})

    def up_to(self, edge: Any) -> Q:
        return Q(**{f"{self.column}__lte": edge})

    def above(self, edge: Any) -> Q:
        return Q(**{f"{self.column}__gt": edge})

    def _between(self, value: Range, operator: str, scope: Scope) -> Q:
        if operator not in (":", "="):
            raise ValueError(f"A range takes no “{operator}”, but “:”")
        found = Q()
        if value.low:
            found &= self.at_least(self.read(value.low, scope).start)
        if value.high:
            found &= self._not_above(self.read(value.high, scope))
        return found

    def _not_above(self, span: Span) -> Q:
        if span.point:
            return self.up_to(span.start)
        return ~self.unknown() if span.end is None else self.below(span.end)

    def _compared(self, span: Span, operator: str) -> Q:
        match operator:
            case "<":
                return self.below(span.start)
            case ">=":
                return self.at_least(span.start)
            case "<=":
                return self._not_above(span)
            case ">":
                if span.point:
                    return self.above(span.start)
                return NOTHING if span.end is None else self.at_least(span.end)
        found = self.at_least(span.start)
        return found if span.end is None else found & self.below(span.end)


@dataclass(frozen=True)
class QuantityField(SpanField):
    """A number with units, which ``reader`` turns into the column's."""

    kind = "number"

    reader: Callable[[str], Span] = lambda _text: Span(0, 0)
    whole: bool = True

    def read(self, text: str, scope: Scope) -> Span:
        return self.reader(text)

    def hints(self, text: str, asker: Asker) -> Sequence[str]:
        if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
            return [f"{text}{unit}" for unit in self.units]
        return super().hints(text, asker)

    @property
    def units(self) -> Sequence[str]:
        """One name of each unit that a number may have."""
        if self.reader is read_duration:
            return ("s", "m", "h")
        known = getattr(self.reader, "keywords", {}).get("units", {})
        return _BYTES if known is BYTES else _BITS if known is BITS else ()

    def bound(self, edge: Decimal) -> Any:
        # Of whole numbers the next one, since a parameter with decimals would keep an index unused.
        return int(edge.to_integral_value(ROUND_CEILING)) if self.whole else float(edge)

    def up_to(self, edge: Decimal) -> Q:
        return super().up_to(int(edge) if self.whole else float(edge))

    def above(self, edge: Decimal) -> Q:
        return super().above(int(edge) if self.whole else float(edge))


@dataclass(frozen=True)
class ResolutionField(SpanField):
    """Names of resolutions; ``1920x1080`` is that size alone."""

    kind = "resolution"

    def read(self, text: str, scope: Scope) -> Span:
        return read_resolution(text)

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        size = read_picture_size(value.text) if operator in (":", "=") else None
        if size:
            return Q(width=size[0], height=size[1])
        return super().match(value, operator, scope)

    # Django takes a generated column for one that is never null, whatever it is made of.
    def at_least(self, edge: Any) -> Q:
        return super().at_least(edge) & ~self.unknown()

    def below(self, edge: Any) -> Q:
        return super().below(edge) & ~self.unknown()

    def choices(self) -> list[tuple[str, str]]:
        names = ("8k", "4k", "1440p", "1080p", "720p", "576p", "480p", "360p")
        return [(name, name.upper() if name.endswith("k") else name) for name in names]


@dataclass(frozen=True)
class DayField(SpanField):
    """A day of the calendar."""

    kind = "date"

    def read(self, text: str, scope: Scope) -> Span:
        return read_day(text, now=scope.asker.now)

    def hints(self, text: str, asker: Asker) -> Sequence[str]:
        today = asker.now.date()
        months = f"{today:%Y-%m}", f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
        years = [str(today.year - ago) for ago in range(6)]
        ago = [f"{text}{unit}" for unit in _AGO] if re.fullmatch(r"[0-9]{1,3}", text) else []
        usual = ["today", "yesterday", "7d", "30d", "1y", *years[:2], *months]
        return [*ago, *usual, *years, f"{today:%Y-%m-%d}"]

    def bound(self, edge: date) -> date:
        return edge.date() if isinstance(edge, datetime) else edge

    def up_to(self, edge: date) -> Q:
        return super().up_to(self.bound(edge))

    def above(self, edge: date) -> Q:
        return super().above(self.bound(edge))


@dataclass(frozen=True)
class MomentField(DayField):
    """A time; days begin at the local midnight."""

    def bound(self, edge: date) -> datetime:
        if isinstance(edge, datetime):
            return edge
        return timezone.make_aware(datetime.combine(edge, time()))
