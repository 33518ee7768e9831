from django_filters import rest_framework as filters

from apps.core.api.filters import AnyOfFilter, FilterSet, WordsFilter
from apps.jobs.choices import Queue
from apps.jobs.models import Job


class JobFilter(FilterSet):
    state = WordsFilter(field_name="state", label="any of these states")
    kind = WordsFilter(field_name="kind", label="any of these kinds")
    queue = filters.ChoiceFilter(choices=Queue.choices)
    target_type = filters.CharFilter(label="such as `library.library`")
    target_id = filters.NumberFilter(min_value=1, max_value=2**63 - 1)
    parent = AnyOfFilter(field_name="parent", label="started by any of these jobs")
    requested_by = AnyOfFilter(field_name="requested_by", label="asked for by any of these users")

    class Meta:
        model = Job
        fields: list[str] = []
