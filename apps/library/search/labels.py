"""Conditions on what videos are filed under: tags, performers, studios, libraries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Upper

from apps.core.counting import count_rows
from apps.library.models import Library, Video
from apps.library.search.asker import Asker
from apps.library.search.completion_labels import labels_holding
from apps.library.search.field import NOTHING, Field, Offer, Scope, is_word
from apps.library.search.filed import filed_under
from apps.library.search.names import Wanted
from apps.library.search.spans import QuantityField
from apps.query import Range, Term, Value

_KEEP_S = 300


def video_counts() -> dict[str, int]:
    """How many videos each library has, about; some minutes old at most."""
    key = "library.search.video_counts"
    known: dict[str, int] | None = cache.get(key)
    if known is None:
        known = {
            library.name: count_rows(Video.objects.filter(library=library), planned=True).rows
            for library in Library.objects.order_by("name")
        }
        cache.set(key, known, _KEEP_S)
    return known


@dataclass(frozen=True)
class LabelField(Field):
    """Labels by name or other name; ``empty`` is without any."""

    kind = "label"

    model: type[models.Model]
    empty: Q
    has_family: bool = False

    def wanted(self, term: Term) -> Iterable[Wanted]:
        for value in term.values:
            if not is_word(value, "none") and not is_word(value, "any"):
                yield self._wanted(value, term.operator)

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none"):
            return self.empty
        if is_word(value, "any"):
            return ~self.empty
        ids = scope.names.named[self._wanted(value, operator)]
        if not ids and "*" not in value.text:
            close = self._nearest(value.text)
            raise self.refuse(
                value, f"There is no {self.model._meta.verbose_name} “{value.text}”", known=close
            )
        return self.filed(ids)

    def filed(self, ids: Sequence[int]) -> Q:
        """The videos that have one of these labels."""
        return filed_under(self.model, ids)

    def offers(self, text: str, asker: Asker, *, limit: int) -> Sequence[Offer]:
        """Labels of this kind, ``none`` and ``any``."""
        found = labels_holding(text, fields=[self.name], limit=limit)[self.name]
        reserved = [Offer("none", f"no {self.name}"), Offer("any", f"any {self.name}")]
        typed = text.lower()
        return [*(o for o in reserved if typed and o.value.startswith(typed)), *found,
                *(o for o in reserved if not typed)]  # fmt: skip

    def _wanted(self, value: Value | Range, operator: str) -> Wanted:
        return Wanted(self.model, value.text, family=self.has_family and operator == ":")

    def _nearest(self, text: str) -> list[str]:
        """Names that are written alike."""
        rows: Any = self.model._default_manager.annotate(
            likeness=Func(
                Upper("name"), Upper(models.Value(text)), function="similarity",
                output_field=models.FloatField(),
            )
        )  # fmt: skip
        names = rows.filter(likeness__gt=0.25).order_by("-likeness", "pk")[:5]
        return [row.name for row in names]


@dataclass(frozen=True)
class LibraryField(Field):
    """The library by name."""

    kind = "label"

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "any"):
            return ~NOTHING
        named = [(pk, name) for pk, name, _root in scope.names.libraries]
        ids = [pk for pk, name in named if name.lower() == value.text.lower()]
        if not ids:
            names = [name for _pk, name in named]
            raise self.refuse(value, f"There is no library “{value.text}”", known=names)
        return Q(library__in=ids)

    def offers(self, text: str, asker: Asker, *, limit: int) -> Sequence[Offer]:
        counts = video_counts()
        typed = text.lower()
        named = [name for name in counts if typed in name.lower()]
        named.sort(key=lambda name: (-counts[name], name))
        return [Offer(name, count=counts[name], is_name=True) for name in named[:limit]]

    def choices(self) -> list[tuple[str, str]]:
        names = Library.objects.order_by("name").values_list("name", flat=True)
        return [(name, name) for name in names]


@dataclass(frozen=True)
class CountField(QuantityField):
    """How many labels of a kind there are; ``column`` is an array of ids."""

    def at_least(self, edge: Any) -> Q:
        return self._count("gte", self.bound(edge))

    def below(self, edge: Any) -> Q:
        return self._count("lt", self.bound(edge))

    def up_to(self, edge: Any) -> Q:
        return self._count("lte", int(edge))

    def above(self, edge: Any) -> Q:
        return self._count("gt", int(edge))

    def unknown(self) -> Q:
        return Q(**{self.column: []})

    def _count(self, lookup: str, edge: int) -> Q:
        many = Func(F(self.column), function="cardinality", output_field=models.IntegerField())
        return Q(_LOOKUPS[lookup](many, edge))


_LOOKUPS: dict[str, Any] = {
    name: models.IntegerField().get_lookups()[name] for name in ("gte", "lt", "lte", "gt")
}
