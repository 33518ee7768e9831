"""What the list of transcodes can be narrowed down by."""

from typing import Any

from django_filters import rest_framework as filters

from apps.core.api.filters import AnyOfFilter, FilterSet, FlagFilter, WordsFilter
from apps.transcodes.models import Transcode


class TranscodeFilter(FilterSet):
    """Filters of transcodes. Several are all demanded."""

    state = WordsFilter(field_name="state", label="how it ended, else how its job is; any of them")
    video = AnyOfFilter(field_name="video", label="any of these videos")
    library = AnyOfFilter(field_name="library", label="any of these libraries")
    profile = AnyOfFilter(field_name="profile__profile", label="any of these profiles")
    rule = AnyOfFilter(field_name="rule", label="any of these rules")
    error = filters.CharFilter(field_name="error_code", max_length=60)
    in_trash = FlagFilter(method="by_trash", label="whether the source can be restored")

    class Meta:
        model = Transcode
        fields: list[str] = []

    def by_trash(self, rows: Any, _name: str, value: Any) -> Any:
        return rows.filter(trash__isnull=not value) if value in (True, False) else rows
