"""The columns that a table of videos may have, and which of them a person sees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.errors import MediaHubError
from apps.library.choices import FieldKind
from apps.library.models import CustomField

LEAST_WIDTH_PX, MOST_WIDTH_PX = 60, 900
CUSTOM = "custom."
_KINDS = {FieldKind.NUMBER: "number", FieldKind.DATE: "date", FieldKind.FLAG: "flag"}


class ColumnUnknown(MediaHubError):
    """A table was to have a column that there isn't, or one twice; nothing was kept."""

    code = "column_unknown"
    field = "columns"


@dataclass(frozen=True, slots=True)
class Column:
    """``order`` is its key of an ordering, ``editor`` how its cells are changed, if they can be."""

    name: str
    label: str
    width: int
    order: str = ""
    editor: str = ""
    is_number: bool = False


_FIXED = (
    Column("title", "Title", 320, order="title", editor="text"),
    Column("rating", "Rating", 90, order="rating", editor="rating", is_number=True),
    Column("favorite", "Favorite", 90, editor="flag"),
    Column("organized", "Organized", 100, editor="flag"),
    Column("duration", "Duration", 100, order="duration", is_number=True),
    Column("resolution", "Resolution", 110, order="height"),
    Column("size", "Size", 100, order="size", is_number=True),
    Column("date", "Date", 120, order="date", editor="date"),
    Column("studio", "Studio", 160, editor="studio"),
    Column("tags", "Tags", 240, editor="tags"),
    Column("performers", "Performers", 220, editor="performers"),
    Column("added", "Added", 120, order="added_at"),
    Column("codec", "Codec", 90),
    Column("audio", "Audio", 90),
    Column("container", "Container", 100),
    Column("fps", "Frame rate", 100, is_number=True),
    Column("bitrate", "Bit rate", 120, order="bitrate", is_number=True),
    Column("orientation", "Orientation", 120),
    Column("library", "Library", 140),
    Column("path", "Path", 360),
    Column("plays", "Plays", 80, is_number=True),
    Column("played", "Last played", 120),
    Column("markers", "Markers", 90, is_number=True),
    Column("missing", "Missing since", 130),
)  # fmt: skip
USUAL = ("title", "rating", "duration", "resolution", "size", "date", "studio", "tags",
         "performers", "added")  # fmt: skip


def all_columns() -> dict[str, Column]:
    """By name: those of every video, then those of the fields that people added."""
    fields = CustomField.objects.order_by("label", "pk")
    custom = [
        Column(
            CUSTOM + field.key, field.label, 140, editor=_KINDS.get(FieldKind(field.kind), "text"),
            is_number=field.kind == FieldKind.NUMBER,
        )
        for field in fields
    ]  # fmt: skip
    return {column.name: column for column in (*_FIXED, *custom)}


def chosen_columns(
    names: Sequence[str], kept: Iterable[Any], *, known: Mapping[str, Column]
) -> list[tuple[Column, int]]:
    """The columns of these names, the usual ones without any, each with its width in pixels.

    ``kept`` is ``BrowseSettings.columns``, which knows the widths. What is no longer known, such as
    a custom field that was deleted, is left out.
    """
    widths = {
        one["name"]: one["width"] for one in kept if isinstance(one, dict) and one.get("width")
    }
    wanted = [known[name] for name in dict.fromkeys(names) if name in known]
    columns = wanted or [known[name] for name in USUAL]
    return [(column, int(widths.get(column.name, column.width))) for column in columns]


def check_columns(columns: Sequence[Mapping[str, Any]]) -> None:
    """Raises ColumnUnknown."""
    names = [str(one["name"]) for one in columns]
    known = all_columns()
    if unknown := [name for name in names if name not in known]:
        raise ColumnUnknown(f"There is no column {unknown[0]!r}. Known: {', '.join(known)}.")
    if len(names) != len(set(names)):
        raise ColumnUnknown("A column can stand in a table only once.")
