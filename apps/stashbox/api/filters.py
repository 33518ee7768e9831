"""What the list of candidates can be narrowed down by."""

from typing import Any

from django_filters import rest_framework as filters

from apps.core.api.filters import AnyOfFilter, AtLeast, AtMost, FilterSet
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.models import StashMatch
from apps.stashbox.querysets import made_by

_LONGEST_NAME = 300


class MatchFilter(FilterSet):
    """Filters of candidates. Several are all demanded."""

    box = AnyOfFilter(field_name="box", label="any of these stash-boxes")
    video = AnyOfFilter(field_name="video", label="any of these videos")
    state = filters.ChoiceFilter(choices=MatchState.choices)
    source = filters.ChoiceFilter(choices=Source.choices)
    score_min = AtLeast("score")
    score_max = AtMost("score")
    studio = filters.CharFilter(
        method="of_studio", max_length=_LONGEST_NAME, label="words of the studio's name"
    )

    class Meta:
        model = StashMatch
        fields: list[str] = []

    def of_studio(self, matches: Any, _name: str, value: str) -> Any:
        return matches.filter(made_by(value)) if value else matches
