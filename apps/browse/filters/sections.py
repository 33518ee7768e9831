"""Which sections the panel has, in which order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from apps.browse.filters.choice import Values
from apps.browse.filters.controls import Amount, Control, Flags, Text
from apps.query import Node

_DAYS = (("today", "today"), ("7d", "7 days"), ("30d", "30 days"), ("365d", "a year"))
_HINTS = {
    "number": "a number", "resolution": "1080p, 4k", "date": "2024-05-17, 2024, 30d",
    "duration": "10m, 1h30m", "size": "700MB, 5GiB", "bitrate": "8Mbps", "fps": "25, 29.97",
    "rating": "1 to 100", "title": "words of the title", "path": "part of the path, or /folder",
    "marker": "title of a marker", "dup": "bits that may differ, such as 4",
}  # fmt: skip
_MANY = {"tag", "performer", "playlist"}
_FAMILIES = {"tag", "studio"}
_ALWAYS_THERE = {"size", "added", "performers", "tags", "plays", "library"}
# Fields that other sections speak for, or that say nothing in a form.
_LEFT_OUT = {"width", "height", "favorite", "organized", "watched", "missing", "phash", "face"}
# Conditions by name that other sections ask about.
_SAID = {"landscape", "portrait", "square", "audio"}
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Labels", ("tag", "performer", "studio", "library", "playlist")),
    ("Yours", ("rating", "is", "played", "plays")),
    ("Picture and sound", ("resolution", "orientation", "codec", "audio", "container", "fps")),
    ("Measures", ("duration", "size", "bitrate", "performers", "tags")),
    ("Dates", ("added", "date")),
    ("Contents", ("has", "markers", "marker", "dup")),
    ("File", ("title", "path")),
)
_LABELS = {"is": "State", "has": "Has or lacks"}
_ICONS = {
    "tag": "sell", "performer": "person", "studio": "apartment", "library": "folder_open",
    "playlist": "playlist_play", "rating": "star", "is": "fact_check", "played": "history",
    "plays": "play_circle", "resolution": "high_quality", "orientation": "screen_rotation",
    "codec": "movie", "audio": "volume_up", "container": "inventory_2", "fps": "speed",
    "duration": "timer", "size": "hard_drive", "bitrate": "network_check",
    "performers": "groups", "tags": "label", "added": "library_add", "date": "event",
    "has": "image", "markers": "bookmarks", "marker": "bookmark", "dup": "content_copy",
    "title": "title", "path": "folder",
}  # fmt: skip


class Described(Protocol):
    """What is to be known of a field of the language."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def choices(self) -> Sequence[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Section:
    """One field's part of the panel; ``has_facets``: its values can be counted."""

    name: str
    label: str
    icon: str
    group: str
    control: Control
    has_facets: bool = False

    def show(self, node: Node | None) -> dict[str, Any]:
        """What its template needs."""
        return {"section": self, "form": self.control.show(node)}


def sections(fields: Iterable[Described]) -> list[Section]:
    """The panel's sections; fields that nobody knew of beforehand come last."""
    by_name = {field.name: field for field in fields}
    known = [(group, name) for group, names in _GROUPS for name in names if name in by_name]
    placed = {name for _group, name in known}
    new = [name for name in by_name if name not in placed | _LEFT_OUT]
    return [
        _section(by_name[name], group, by_name)
        for group, name in [*known, *(("More", name) for name in new)]
    ]


def find_section(name: str, fields: Iterable[Described]) -> Section | None:
    """The section of a name."""
    return next((one for one in sections(fields) if one.name == name), None)


def _section(field: Described, group: str, fields: Mapping[str, Described]) -> Section:
    control = _control(field, fields)
    return Section(
        name=field.name,
        label=_LABELS.get(field.name, field.label),
        icon=_ICONS.get(field.name, "tune"),
        group=group,
        control=control,
        has_facets=isinstance(control, Values) and not control.fixed,
    )


def _control(field: Described, fields: Mapping[str, Described]) -> Control:
    name, kind = field.name, field.kind
    optional = name not in _ALWAYS_THERE
    hint = _HINTS.get(name, _HINTS.get(kind, ""))
    match kind:
        case "condition":
            opposite = "missing" if name == "has" and "missing" in fields else ""
            names = [(value, label) for value, label in field.choices() if value not in _SAID]
            return Flags(name, names, opposite=opposite)
        case "flag":
            return Values(name, fixed=field.choices(), optional=optional)
        case "label" | "choice" | "resolution":
            return Values(name, many=name in _MANY, family=name in _FAMILIES, optional=optional)
        case "date":
            return Amount(name, hint=hint, quick=_DAYS, optional=optional, is_date=True)
        case "text":
            return Text(name, hint=hint)
        case _:
            return Amount(name, hint=hint, optional=optional)
