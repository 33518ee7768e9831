"""Filters that several lists share. A value that can't be read is refused, never ignored."""

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

_MOST_IDS = 100
_LARGEST_ID = 2**63 - 1


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


class WordsFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One of several words, separated by commas."""

    def filter(self, qs: Any, value: str) -> Any:
        words = [word.strip() for word in value.split(",") if word.strip()] if value else []
        return qs.filter(**{f"{self.field_name}__in": words}) if words else qs


@extend_schema_field(OpenApiTypes.NUMBER)
class ScaledFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A number in the API's unit, compared with a column in the database's."""

    def __init__(self, *args: Any, times: int = 1, **options: Any) -> None:
        options = {"min_value": 0, "max_value": 10**15, **options}
        super().__init__(*args, **options)
        self.times = times

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, value if value in (None, "") else round(value * self.times))


def range_filters(
    name: str, column: str, *, times: int = 1
) -> dict[str, Callable[[], django_filters.Filter]]:
    """``name_min`` and ``name_max``, both inclusive."""
    return {
        f"{name}_min": ScaledFilter(field_name=column, lookup_expr="gte", times=times),
        f"{name}_max": ScaledFilter(field_name=column, lookup_expr="lte", times=times),
    }
