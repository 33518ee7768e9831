from collections.abc import Iterable
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from apps.core.api.filters import AnyOfFilter, FilterSet, FlagFilter, IdsFilter, WordsFilter
from apps.jobs.choices import Queue
from apps.jobs.models import Job

_NONE = "none"


class _ParentField(IdsFilter.field_class):  # type: ignore[misc, valid-type]
    def clean(self, value: Iterable[str] | None) -> Any:
        return _NONE if list(value or []) == [_NONE] else super().clean(value)


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class ParentFilter(AnyOfFilter):
    field_class = _ParentField

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.filter(parent__isnull=True) if value == _NONE else super().filter(qs, value)


class JobFilter(FilterSet):
    state = WordsFilter(field_name="state", label="any of these states")
    kind = WordsFilter(field_name="kind", label="any of these kinds")
    queue = filters.ChoiceFilter(choices=Queue.choices)
    target_type = filters.CharFilter(label="such as `library.library`")
    target_id = filters.NumberFilter(min_value=1, max_value=2**63 - 1)
    parent = ParentFilter(
        field_name="parent", label="parts of any of these jobs; `none`: what is part of no job"
    )
    item = WordsFilter(field_name="item", label="any of these parts of their batches")
    lane = filters.CharFilter(label="such as `mount:/media/a`")
    worker = filters.CharFilter(label="such as `host:4711`")
    quarantined = FlagFilter(field_name="quarantined", label="whether it killed too many workers")
    requested_by = AnyOfFilter(field_name="requested_by", label="asked for by any of these users")

    class Meta:
        model = Job
        fields: list[str] = []
