"""What lists of the catalogue can be narrowed down by."""

from typing import Any

from django_filters import rest_framework as filters

from apps.core.api.filters import (
    AnyOfFilter,
    AtLeast,
    AtMost,
    FilterSet,
    FlagFilter,
    IdsFilter,
    WordsFilter,
)
from apps.library.choices import Integrity, LibraryState, Orientation, ProbeState
from apps.library.models import File, Library, Marker, Performer, Studio, Tag, TagParent, Video
from apps.library.querysets import FileQuerySet, TagQuerySet, VideoQuerySet
from apps.library.search import Asker, Question

_NONE = "none"
_UNKNOWN = "unknown"
_INTEGRITIES = [(one.value or _UNKNOWN, one.label) for one in Integrity]
_ORIENTATIONS = [(o.value or _NONE, o.label) for o in Orientation]
_LONGEST_SEARCH = 200
_WHY = "adds `rank` to each video: `score`, and the `parts` of which it is the sum"


class MissingFilter(FlagFilter):
    """Whether a time of missing is noted."""

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value == "" else qs.filter(missing_since__isnull=not value)


class SearchFilter(filters.CharFilter):  # type: ignore[misc]
    """Rows whose column holds each word."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, max_length=_LONGEST_SEARCH, **options)

    def filter(self, qs: Any, value: str) -> Any:
        for word in value.split() if value else []:
            qs = qs.filter(**{f"{self.field_name}__icontains": word})
        return qs


class NamedFilter(SearchFilter):
    """Labels that have every word in one of their names."""

    def filter(self, qs: Any, value: str) -> Any:
        return qs.named(value) if value else qs


class QueryFilter(filters.CharFilter):  # type: ignore[misc]
    """The query language. Raises QueryError. Keeps the question as the set's ``question``."""

    def filter(self, qs: Any, value: str) -> Any:
        if not value:
            return qs
        question = Question.read(value, asker=Asker.of(self.parent.request.user))
        self.parent.question = question
        return question.listed(qs)


class VideoFilter(FilterSet):
    """Filters of videos. Several are all demanded. ``question`` is what ``q`` asks."""

    question: Question | None = None

    q = QueryFilter(label="a query: words, conditions such as `duration>10m`, OR, -, brackets")
    library = AnyOfFilter(field_name="library", label="any of these libraries")
    studio = AnyOfFilter(field_name="studio", label="any of these studios")
    performer = IdsFilter(method="with_performers", label="all of these performers")
    tag = IdsFilter(method="with_tags", label="all of these tags, each with those it includes")
    tag_any = IdsFilter(method="with_any_tag", label="any of these tags or those they include")
    tag_none = IdsFilter(method="without_tags", label="none of these tags nor those they include")
    codec = WordsFilter(field_name="video_codec", label="any of these video codecs")
    audio_codec = WordsFilter(field_name="audio_codec", label="any of these audio codecs")
    container = WordsFilter(field_name="container", label="any of these containers")
    orientation = filters.ChoiceFilter(choices=_ORIENTATIONS, method="with_orientation")
    favorite = FlagFilter(field_name="favorite")
    organized = FlagFilter(field_name="organized")
    missing = MissingFilter(field_name="missing_since")
    added_after = filters.IsoDateTimeFilter(field_name="added_at", lookup_expr="gte")
    added_before = filters.IsoDateTimeFilter(field_name="added_at", lookup_expr="lt")
    date_after = filters.DateFilter(field_name="date", lookup_expr="gte")
    date_before = filters.DateFilter(field_name="date", lookup_expr="lt")
    search = filters.CharFilter(
        method="with_words", max_length=_LONGEST_SEARCH, label="words of title or path"
    )
    rating_min = AtLeast("rating")
    rating_max = AtMost("rating")
    duration_min = AtLeast("duration_ms", times=1_000)
    duration_max = AtMost("duration_ms", times=1_000)
    size_min = AtLeast("size_bytes")
    size_max = AtMost("size_bytes")
    height_min = AtLeast("height")
    height_max = AtMost("height")
    width_min = AtLeast("width")
    width_max = AtMost("width")
    bitrate_min = AtLeast("bitrate")
    bitrate_max = AtMost("bitrate")
    why = FlagFilter(method="all_of_them", label=_WHY)

    class Meta:
        model = Video
        fields: list[str] = []

    def all_of_them(self, videos: VideoQuerySet, _name: str, _value: Any) -> VideoQuerySet:
        return videos

    def with_tags(self, videos: VideoQuerySet, _name: str, ids: list[int]) -> VideoQuerySet:
        return videos.tagged_all([Tag.objects.descendants_of([pk]) for pk in ids])

    def with_any_tag(self, videos: VideoQuerySet, _name: str, ids: list[int]) -> VideoQuerySet:
        return videos.tagged_all([Tag.objects.descendants_of(ids)]) if ids else videos

    def without_tags(self, videos: VideoQuerySet, _name: str, ids: list[int]) -> VideoQuerySet:
        return videos.tagged_none(Tag.objects.descendants_of(ids)) if ids else videos

    def with_performers(self, videos: VideoQuerySet, _name: str, ids: list[int]) -> VideoQuerySet:
        return videos.performed_by_all(ids)

    def with_orientation(self, videos: VideoQuerySet, _name: str, value: str) -> VideoQuerySet:
        return videos.filter(orientation="" if value == _NONE else value)

    def with_words(self, videos: VideoQuerySet, _name: str, words: str) -> VideoQuerySet:
        return videos.search(words)


class FileFilter(FilterSet):
    library = AnyOfFilter(field_name="library")
    video = AnyOfFilter(field_name="video")
    missing = MissingFilter(field_name="missing_since")
    probe_state = filters.ChoiceFilter(choices=ProbeState.choices)
    error = WordsFilter(field_name="probe_error", label="any of these reasons")
    integrity = filters.ChoiceFilter(choices=_INTEGRITIES, method="with_integrity")
    unsound = FlagFilter(method="being_unsound", label="whether a check found the content wrong")
    codec = WordsFilter(field_name="video_codec")
    container = WordsFilter(field_name="container")
    oshash = WordsFilter(field_name="oshash")
    content = WordsFilter(field_name="content")
    search = SearchFilter(field_name="path", label="words of the path")
    duration_min = AtLeast("duration_ms", times=1_000)
    duration_max = AtMost("duration_ms", times=1_000)
    size_min = AtLeast("size_bytes")
    size_max = AtMost("size_bytes")

    class Meta:
        model = File
        fields: list[str] = []

    def with_integrity(self, files: FileQuerySet, _name: str, value: str) -> FileQuerySet:
        return files.filter(integrity="" if value == _UNKNOWN else value)

    def being_unsound(self, files: FileQuerySet, _name: str, value: Any) -> FileQuerySet:
        return files if value == "" else files.unsound() if value else files.not_unsound()


class LabelFilter(FilterSet):
    name = filters.CharFilter(lookup_expr="iexact", label="exactly this name, in any case")
    search = NamedFilter(field_name="name", label="words of the name or another name")
    favorite = FlagFilter(field_name="favorite")


class TagFilter(LabelFilter):
    parent = IdsFilter(method="directly_in", label="directly in any of these tags")

    class Meta:
        model = Tag
        fields: list[str] = []

    def directly_in(self, tags: TagQuerySet, _name: str, ids: list[int]) -> TagQuerySet:
        links = TagParent.objects.filter(parent__in=ids)
        return tags.filter(pk__in=links.values("child")) if ids else tags


class StudioFilter(LabelFilter):
    parent = AnyOfFilter(field_name="parent")

    class Meta:
        model = Studio
        fields: list[str] = []


class PerformerFilter(LabelFilter):
    gender = WordsFilter(field_name="gender")
    country = WordsFilter(field_name="country")

    class Meta:
        model = Performer
        fields: list[str] = []


class MarkerFilter(FilterSet):
    video = AnyOfFilter(field_name="video")
    tag = AnyOfFilter(field_name="tag")

    class Meta:
        model = Marker
        fields: list[str] = []


class LibraryFilter(FilterSet):
    state = filters.ChoiceFilter(choices=LibraryState.choices)
    question = WordsFilter(field_name="question", label="any of these questions")

    class Meta:
        model = Library
        fields: list[str] = []


class ScanFilter(FilterSet):
    library = AnyOfFilter(field_name="library")
    kind = WordsFilter(field_name="kind", label="any of `scan`, `probe`, `watch`")


class ScanFindingFilter(FilterSet):
    scan = AnyOfFilter(field_name="scan")
    reason = WordsFilter(field_name="reason", label="any of these reasons")
