"""What the list of notices can be narrowed down by."""

import os
from typing import Any

from django_filters import rest_framework as filters

from apps.core.api.filters import AnyOfFilter, FilterSet, FlagFilter
from apps.mediaservers.choices import ChangeKind, NoticeState
from apps.mediaservers.models import Notice

_LONGEST_PATH = 4_000


class NoticeFilter(FilterSet):
    """Filters of notices. Several are all demanded."""

    server = AnyOfFilter(field_name="server", label="any of these servers")
    library = AnyOfFilter(field_name="library", label="any of these libraries")
    state = filters.ChoiceFilter(choices=NoticeState.choices)
    change = filters.ChoiceFilter(choices=ChangeKind.choices)
    open = FlagFilter(method="is_open", label="still to be told or looked up")
    path = filters.CharFilter(
        method="of_path", max_length=_LONGEST_PATH, label="this whole path on this machine"
    )

    class Meta:
        model = Notice
        fields: list[str] = []

    def is_open(self, notices: Any, _name: str, value: bool) -> Any:  # noqa: FBT001
        return notices.filter(next_at__isnull=not value)

    def of_path(self, notices: Any, _name: str, value: str) -> Any:
        return notices.about(os.fsencode(value)) if value else notices
