"""Filters of the lists; each asks a QuerySet the question that the API asks, too."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectMultipleFilter, DropdownFilter

from apps.library.forms.browse import codecs_in_use
from apps.library.models import Tag

Rows = QuerySet[Any]


class QuestionFilter(DropdownFilter):  # type: ignore[misc]
    """A choice among named questions."""

    questions: ClassVar[dict[str, tuple[str, Callable[[Any], Rows]]]]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, _question) in self.questions.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        asked = self.questions.get(self.value() or "")
        return asked[1](queryset) if asked else queryset


class PresenceFilter(QuestionFilter):
    title = "presence"
    parameter_name = "presence"
    questions: ClassVar = {
        "present": ("Present", lambda rows: rows.present()),
        "missing": ("Missing", lambda rows: rows.missing()),
    }


class PictureFilter(QuestionFilter):
    """By the height of the picture, which an index serves."""

    title = "picture"
    parameter_name = "picture"
    questions: ClassVar = {
        "2160": ("4K and more", lambda rows: rows.filter(height__gte=2_160)),
        "1080": ("1080p to 4K", lambda rows: rows.filter(height__range=(1_080, 2_159))),
        "720": ("720p to 1080p", lambda rows: rows.filter(height__range=(720, 1_079))),
        "0": ("Less than 720p", lambda rows: rows.filter(height__lt=720)),
        "none": ("No picture", lambda rows: rows.filter(height__isnull=True)),
    }


class CodecFilter(DropdownFilter):  # type: ignore[misc]
    title = "codec"
    parameter_name = "codec"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(codec, codec.upper()) for codec in codecs_in_use()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(video_codec=self.value()) if self.value() else queryset


class TagFilter(AutocompleteSelectMultipleFilter):  # type: ignore[misc]
    """Videos that have every chosen tag, or one that it includes."""

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        try:
            chosen = [int(value) for value in self.value() or []]
        except ValueError as error:
            raise IncorrectLookupParameters from error
        groups = [Tag.objects.descendants_of([pk]) for pk in chosen]
        return queryset.tagged_all(groups)  # type: ignore[attr-defined, no-any-return]


class ReasonFilter(DropdownFilter):  # type: ignore[misc]
    """Files that could not be read, by reason."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterator[tuple[str, str]]:
        failed = model_admin.model._default_manager.filter(probe_state="failed")
        reasons = failed.exclude(probe_error="").values_list("probe_error", flat=True).distinct()
        return ((reason, reason.replace("_", " ")) for reason in sorted(reasons[:50]))

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(probe_error=self.value()) if self.value() else queryset
