"""Filters that several lists share. A value that can't be read is refused, never ignored."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django_filters import rest_framework
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

_MOST_IDS = 100
_LARGEST_ID = 2**63 - 1
_LARGEST_NUMBER = 10**15


class FilterSet(rest_framework.FilterSet):  # type: ignore[misc]
    """Builds only the filters that are asked for: all of them took longer than the database."""

    base_filters: dict[str, Any]

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        self.base_filters = {n: f for n, f in self.base_filters.items() if n in (data or {})}
        super().__init__(data, *args, **options)


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(django_filters.TypedChoiceFilter):  # type: ignore[misc]
    """``true`` or ``false``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(*args, choices=choices, coerce=_is_true, **options)


def _is_true(text: str) -> bool:
    return text == "true"


class _IdsField(forms.Field):
    widget = forms.MultipleHiddenInput

    def clean(self, value: Iterable[str] | None) -> list[int]:
        words = [word.strip() for text in value or [] for word in text.split(",")]
        if len(words) > _MOST_IDS or not all(w.isascii() and w.isdigit() for w in words):
            raise ValidationError(f"Give up to {_MOST_IDS} ids, separated by commas.")
        if any(len(word) > 19 or int(word) > _LARGEST_ID for word in words):
            raise ValidationError("An id is too large.")
        return [int(word) for word in words]


@extend_schema_field({"type": "array", "items": {"type": "integer"}})
class IdsFilter(django_filters.Filter):  # type: ignore[misc]
    """Ids separated by commas, or the parameter several times."""

    field_class = _IdsField


class AnyOfFilter(IdsFilter):
    """Rows whose column is one of the ids."""

    def filter(self, qs: Any, value: list[int]) -> Any:
        return qs.filter(**{f"{self.field_name}__in": value}) if value else qs


class WordsFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One of several words, separated by commas."""

    def filter(self, qs: Any, value: str) -> Any:
        words = [word.strip() for word in value.split(",") if word.strip()] if value else []
        return qs.filter(**{f"{self.field_name}__in": words}) if words else qs


@extend_schema_field(OpenApiTypes.NUMBER)
class AtLeast(django_filters.NumberFilter):  # type: ignore[misc]
    """A least value in the API's unit; the column's unit is ``times`` as many."""

    lookup = "gte"

    def __init__(self, column: str, *, times: int = 1) -> None:
        limits = {"min_value": 0, "max_value": _LARGEST_NUMBER}
        super().__init__(field_name=column, lookup_expr=self.lookup, **limits)
        self.times = times

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, None if value is None else round(value * self.times))


class AtMost(AtLeast):
    """A greatest value, inclusive."""

    lookup = "lte"
