"""The fields that the catalogue itself knows. Apps above add theirs by ``register``."""

from collections.abc import Sequence
from functools import partial

from django.core.cache import cache
from django.db import connection
from django.db.models import Exists, OuterRef, Q

from apps.library.choices import Orientation
from apps.library.models import Marker, Performer, Studio, Tag
from apps.library.search import formats
from apps.library.search.field import Field, Scope, register
from apps.library.search.flags import (
    ChoiceField,
    Condition,
    FlagField,
    MissingField,
    NamedConditions,
)
from apps.library.search.labels import CountField, LabelField, LibraryField
from apps.library.search.markers import MarkerField
from apps.library.search.spans import DayField, MomentField, QuantityField, ResolutionField
from apps.library.search.texts import PathField, TitleField
from apps.library.search.viewings import MarkersField, PlayedField, PlaysField, watched
from apps.query import values

_KEEP_S = 60

# Jumps from one value to the next in the index instead of reading a million rows.
_IN_USE = """
    WITH RECURSIVE used(value) AS (
        (SELECT {column} FROM library_video ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM library_video WHERE {column} > used.value
                ORDER BY {column} LIMIT 1)
        FROM used WHERE used.value IS NOT NULL
    )
    SELECT value FROM used WHERE value <> ''
"""


def values_in_use(column: str) -> Sequence[tuple[str, str]]:
    """The values of one of Video's columns, in alphabetical order; a minute old at most."""
    key = f"library.search.in_use.{column}"
    known: Sequence[tuple[str, str]] | None = cache.get(key)
    if known is None:
        with connection.cursor() as cursor:
            cursor.execute(_IN_USE.format(column=column))
            known = [(value, value) for (value,) in cursor.fetchall()]
        cache.set(key, known, _KEEP_S)
    return known


def _is(**conditions: object) -> Condition:
    return lambda _scope: Q(**conditions)


def _not_empty(column: str, empty: object) -> Condition:
    return lambda _scope: ~Q(**{column: empty})


def _has_markers(_scope: Scope) -> Q:
    return Q(Exists(Marker.objects.filter(video=OuterRef("pk"))))


def _orientations() -> Sequence[tuple[str, str]]:
    return [(one.value, one.label) for one in Orientation if one.value]


TWINS = 4  # bits between the hashes of videos that look the same

IS = NamedConditions(
    "is", "Is", "What a video is.", examples=("is:favorite", "-is:missing"),
    named={
        "favorite": ("a favourite", _is(favorite=True)),
        "organized": ("organized", _is(organized=True)),
        "missing": ("missing from disk", _is(missing_since__isnull=False)),
        "duplicate": ("like another video", _is(twin_distance__lte=TWINS)),
        "watched": ("watched by you", watched),
        "landscape": ("wide", _is(orientation="landscape")),
        "portrait": ("upright", _is(orientation="portrait")),
        "square": ("square", _is(orientation="square")),
        "audio": ("sound only", _is(orientation="")),
    },
)  # fmt: skip
_THINGS: dict[str, tuple[str, Condition]] = {
    "tags": ("tags", _not_empty("tag_ids", [])),
    "performers": ("performers", _not_empty("performer_ids", [])),
    "studio": ("a studio", _is(studio__isnull=False)),
    "rating": ("a rating", _is(rating__isnull=False)),
    "date": ("a date", _is(date__isnull=False)),
    "details": ("details", _not_empty("details", "")),
    "urls": ("web pages", _not_empty("urls", [])),
    "markers": ("markers", _has_markers),
    "sound": ("sound", _not_empty("audio_codec", "")),
    "picture": ("a picture", _is(width__isnull=False)),
}
HAS = NamedConditions(
    "has", "Has", "What a video has: labels, or something made of it.", named=_THINGS,
    examples=("has:sprite", "has:markers"),
)  # fmt: skip
MISSING = MissingField(
    "missing", "Lacks", "What a video has not; with yes, whether its file is gone.", named=_THINGS,
    negated=True, examples=("missing:preview", "missing:tags", "missing:yes"),
)  # fmt: skip


def register_thing(name: str, label: str, condition: Condition) -> None:
    """Add a name to ``has:`` and ``missing:``."""
    _THINGS[name] = (label, condition)


def _number(
    name: str, label: str, column: str, units: dict[str, int], told: str, *examples: str,
    whole: bool = True, nullable: bool = True,
) -> Field:  # fmt: skip
    return QuantityField(
        name, label, told, column=column, whole=whole, nullable=nullable, examples=examples,
        reader=partial(values.read_quantity, units=units),
    )  # fmt: skip


def _choice(name: str, label: str, column: str, *examples: str) -> Field:
    options = partial(values_in_use, column)
    return ChoiceField(
        name, label, f"{label}, as the file says.", column=column, options=options,
        known=formats.KNOWN[column], aliases=formats.ALIASES[column], examples=examples,
    )  # fmt: skip


_LABELS = "By name or other name."
_BUILT_IN: list[Field] = [
    TitleField("title", "Title", "A part of the title; = for the whole, * for anything.",
               examples=("title:holiday", 'title="the end"', "title:the*")),
    PathField("path", "Path", "A part of the path, or a folder from / on; * for anything.",
              examples=("path:2024", "path:/media/films", "path:*.avi")),
    LabelField("tag", "Tag", f"{_LABELS} With the tags that it includes; = for it alone.",
               model=Tag, empty=Q(tag_ids=[]), has_family=True,
               examples=("tag:animal", "tag=animal", "tag:dog,cat", "tag:none")),
    LabelField("performer", "Performer", _LABELS, model=Performer,
               empty=Q(performer_ids=[]),
               examples=('performer:"Ada Lovelace"', "performer:any")),
    LabelField("studio", "Studio", f"{_LABELS} With the studios below it; = for it alone.",
               model=Studio, empty=Q(studio__isnull=True), has_family=True,
               examples=("studio:pixar", "studio:none")),
    LibraryField("library", "Library", "By name.", examples=("library:Films",)),
    _number("rating", "Rating", "rating", values.PLAIN, "From 1 to 100.", "rating>=80",
            "rating:none"),
    FlagField("favorite", "Favorite", "Whether it is a favourite.",
              holds=_is(favorite=True), examples=("favorite:yes",)),
    FlagField("organized", "Organized", "Whether a person has checked everything.",
              holds=_is(organized=True), examples=("organized:no",)),
    QuantityField("duration", "Length", "How long it plays.", column="duration_ms",
                  reader=values.read_duration, examples=("duration<10m", "duration:1h..1h30m")),
    _number("size", "Size", "size_bytes", values.BYTES, "Of its main file.", "size>=4GB",
            "size:700MB..1GiB", nullable=False),
    _number("bitrate", "Bitrate", "bitrate", values.BITS, "Of picture and sound.",
            "bitrate>8Mbps"),
    _number("width", "Width", "width", values.PIXELS, "In pixels.", "width>=1920"),
    _number("height", "Height", "height", values.PIXELS, "In pixels.", "height:1080"),
    ResolutionField("resolution", "Resolution", "1080p and the like, or a size in pixels.",
                    column="lines", examples=("resolution:4k", "resolution>=720p",
                                              "resolution:1920x1080")),
    ChoiceField("orientation", "Orientation", "Wide, upright or square; none without a picture.",
                column="orientation", options=_orientations, examples=("orientation:portrait",)),
    _choice("codec", "Video codec", "video_codec", "codec:hevc,av1"),
    _choice("audio", "Audio codec", "audio_codec", "audio:aac", "audio:none"),
    _choice("container", "Container", "container", "container:mp4"),
    _number("fps", "Frame rate", "frame_rate", values.FRAMES, "Pictures in a second.", "fps>=50",
            "fps:23.976", whole=False),
    DayField("date", "Date", "When it came out.", column="date",
             examples=("date:2024", "date:2023-05..2024-02", "date>=2020")),
    MomentField("added", "Added", "When it came into the library.", column="added_at",
                nullable=False, examples=("added:7d", "added:today", "added<2024")),
    PlayedField("played", "Last played", "When you played it last.", column="last_played_at",
                examples=("played:30d", "played:no")),
    PlaysField("plays", "Plays", "How often you played it.", column="play_count", nullable=False,
               reader=partial(values.read_quantity, units=values.PLAIN), examples=("plays>3",)),
    FlagField("watched", "Watched", "Whether you have played it.", holds=watched,
              examples=("watched:no",)),
    CountField("tags", "Number of tags", "How many tags it has.", column="tag_ids",
               reader=partial(values.read_quantity, units=values.PLAIN), examples=("tags:0",)),
    CountField("performers", "Number of performers", "How many performers it has.",
               column="performer_ids", examples=("performers>=2",),
               reader=partial(values.read_quantity, units=values.PLAIN)),
    MarkerField("marker", "Marker", "A part of a marker's title, or its tag.",
                examples=("marker:intro", "marker:none")),
    MarkersField("markers", "Number of markers", "How many markers it has.", column="many",
                 nullable=False, reader=partial(values.read_quantity, units=values.PLAIN),
                 examples=("markers>5",)),
    IS, HAS, MISSING,
]  # fmt: skip
for _field in _BUILT_IN:
    register(_field)
