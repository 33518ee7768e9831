"""Filters of the lists; each asks a QuerySet the question that the API asks, too."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from apps.library.choices import Integrity
from apps.library.models import Tag
from apps.library.search.fields import values_in_use

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
        return [(codec, codec.upper()) for codec, _label in values_in_use("video_codec")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(video_codec=self.value()) if self.value() else queryset


class PickerFilter(SimpleListFilter):
    """Rows that have all of some related rows, picked by the admin's own search.

    Unlike a filter named by its field it makes no join, so that no DISTINCT is needed, which would
    read all rows before it shows the first.
    """

    template = "unfold/filters/filters_field.html"
    form_class = AutocompleteDropdownForm
    field_name: ClassVar[str]

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.request, self.model_admin = request, model_admin
        super().__init__(request, params, model, model_admin)
        self.chosen = request.GET.getlist(self.parameter_name or "")

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("", "")]  # Django leaves out filters without choices

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {
            "form": self.form_class(
                request=self.request, label=f"By {self.title}", name=self.parameter_name,
                choices=(), multiple=True, model_admin=self.model_admin,
                field=self.model_admin.model._meta.get_field(self.field_name),
                data={self.parameter_name: self.chosen},
            )
        }  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        try:
            chosen = [int(value) for value in self.chosen if value]
        except ValueError as error:
            raise IncorrectLookupParameters from error
        return self.having(queryset, chosen)

    def having(self, rows: Rows, chosen: list[int]) -> Rows:
        raise NotImplementedError


class TagFilter(PickerFilter):
    """Videos that have every chosen tag, or one that it includes."""

    title, parameter_name, field_name = "tags", "tag", "tags"

    def having(self, rows: Rows, chosen: list[int]) -> Rows:
        groups = [Tag.objects.descendants_of([pk]) for pk in chosen]
        return rows.tagged_all(groups)  # type: ignore[attr-defined, no-any-return]


class PerformerFilter(PickerFilter):
    """Videos in which every chosen performer is."""

    title, parameter_name, field_name = "performers", "performer", "performers"

    def having(self, rows: Rows, chosen: list[int]) -> Rows:
        for pk in chosen:
            rows = rows.filter(performer_links__performer=pk)
        return rows


def _of_integrity(state: Integrity, rows: Rows) -> Rows:
    return rows.filter(integrity=state.value)


class IntegrityFilter(QuestionFilter):
    """By what the last check of the content came to."""

    title = "integrity"
    parameter_name = "integrity"
    questions: ClassVar = {
        "unsound": ("Anything wrong", lambda rows: rows.unsound()),
        **{
            one.value or "unknown": (
                one.label.partition(":")[0].capitalize(),
                partial(_of_integrity, one),
            )
            for one in Integrity
        },
    }


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
