"""Conditions on the markers in a video."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from apps.library.models import Marker
from apps.library.search.field import Field, Scope, is_word
from apps.library.search.texts import ILike, constant, escaped
from apps.query import Range, Value


@dataclass(frozen=True)
class MarkerField(Field):
    """A marker whose title, or whose tag's name, holds the text; in any case."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        rows = Marker.objects.filter(video=OuterRef("pk"))
        if is_word(value, "none") or is_word(value, "any"):
            any_marker = Q(Exists(rows))
            return ~any_marker if is_word(value, "none") else any_marker
        whole = operator == "=" or "*" in value.text
        pattern = constant(escaped(value.text if whole else f"*{value.text}*"))
        titled, tagged = ILike("title", pattern), ILike("tag__name", pattern)
        return Q(Exists(rows.filter(Q(titled) | Q(tag__isnull=False) & Q(tagged))))
