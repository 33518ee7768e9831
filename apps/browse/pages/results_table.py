"""Videos as lines of a table: what stands in each cell, and what a person edits there."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.browse.services.table import CUSTOM, Column, chosen_columns
from apps.browse.state import State
from apps.core.units import say_bitrate, say_bytes, say_duration
from apps.library.models import Library, Video, VideoPerformer, VideoTag, Viewing
from apps.library.pages.cards import Card, codec_name
from apps.library.search import ORDERS

_ARROWS = {"ascending": "arrow_upward", "descending": "arrow_downward"}


@dataclass(frozen=True, slots=True)
class Head:
    """A column as it stands in the table: its width, and its part in the order.

    ``level`` counts the keys of the order from 1; 0 where the column has no part in it.
    """

    column: Column
    width: int
    order: str
    level: int
    direction: str
    address: str

    @property
    def arrow(self) -> str:
        return _ARROWS.get(self.direction, "")


@dataclass(frozen=True, slots=True)
class Cell:
    """``text`` is shown; ``value`` is what an editor begins with, if it isn't the text.

    ``labels`` are a set's, as JSON.
    """

    column: Column
    text: str = ""
    value: str = ""
    labels: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    card: Card
    cells: list[Cell]


@dataclass(slots=True)
class _Around:
    """What stands in other tables, by the video's id."""

    tags: dict[int, list[dict[str, Any]]]
    performers: dict[int, list[dict[str, Any]]]
    viewings: dict[int, Viewing]
    libraries: dict[int, str]
    cards: dict[int, Card] = field(default_factory=dict)


def heads(state: State, known: Mapping[str, Column]) -> list[Head]:
    """The table's columns, in their order."""
    chosen = chosen_columns(state.columns, state.settings.columns, known=known)
    keys = [key for key in state.ordering_text.split(",") if key]
    return [_head(column, width, keys, state) for column, width in chosen]


def _head(column: Column, width: int, keys: Sequence[str], state: State) -> Head:
    order = column.order if column.order in ORDERS else ""
    names = [key.removeprefix("-") for key in keys]
    level = names.index(order) + 1 if order and order in names else 0
    falls = bool(level) and keys[level - 1].startswith("-")
    direction = ("descending" if falls else "ascending") if level else ""
    wanted = order if falls or not level else f"-{order}"
    address = state.address(ordering=wanted) if order else ""
    return Head(column, width, order, level if len(keys) > 1 else 0, direction, address)


def lines(
    videos: Sequence[Any], cards: Sequence[Card], columns: Sequence[Head], *, user_id: int
) -> list[Line]:
    """Lines of videos that were read ``with_card_facts``, by five queries more."""
    ids = [video.pk for video in videos]
    around = _Around(
        tags=_labels(VideoTag, ids, "tag"),
        performers=_labels(VideoPerformer, ids, "performer"),
        viewings={
            one.video_id: one for one in Viewing.objects.filter(user_id=user_id, video__in=ids)
        },
        libraries=dict(Library.objects.values_list("pk", "name")),
        cards={card.pk: card for card in cards},
    )
    return [
        Line(card, [_cell(head.column, video, around) for head in columns])
        for video, card in zip(videos, cards, strict=True)
    ]


def _labels(link: type[Any], ids: Iterable[int], kind: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    links = link.objects.filter(video__in=ids).order_by(f"{kind}__name", "pk")
    for video, pk, name in links.values_list("video", kind, f"{kind}__name"):
        found[video].append({"id": pk, "name": name})
    return found


def _cell(column: Column, video: Any, around: _Around) -> Cell:
    if column.name.startswith(CUSTOM):
        return _custom_cell(column, video.custom.get(column.name.removeprefix(CUSTOM)))
    if column.name in {"tags", "performers", "studio"}:
        labels = _labels_of(column.name, video, around)
        text = ", ".join(label["name"] for label in labels)
        return Cell(column, text, labels=json.dumps(labels))
    found = _TEXTS[column.name](video, around)
    text, value = found if isinstance(found, tuple) else (found, "")
    return Cell(column, text, value)


def _labels_of(name: str, video: Any, around: _Around) -> list[dict[str, Any]]:
    if name == "studio":
        return [{"id": video.studio.pk, "name": video.studio.name}] if video.studio else []
    return around.tags[video.pk] if name == "tags" else around.performers[video.pk]


def _custom_cell(column: Column, value: Any) -> Cell:
    if column.editor == "flag":
        return Cell(column, *_flag(value))
    return Cell(column, "" if value is None else str(value))


def _flag(value: Any) -> tuple[str, str]:
    return ("Yes", "1") if value else ("", "")


def _plays(video: Video, around: _Around) -> str:
    viewing = around.viewings.get(video.pk)
    return str(viewing.play_count) if viewing and viewing.play_count else ""


def _played(video: Video, around: _Around) -> str:
    viewing = around.viewings.get(video.pk)
    return f"{viewing.last_played_at:%Y-%m-%d}" if viewing and viewing.last_played_at else ""


_TEXTS: Mapping[str, Callable[[Any, _Around], str | tuple[str, str]]] = {
    "title": lambda video, _: video.title,
    "rating": lambda video, _: "" if video.rating is None else str(video.rating),
    "favorite": lambda video, _: _flag(video.favorite),
    "organized": lambda video, _: _flag(video.organized),
    "duration": lambda video, _: say_duration(video.duration_ms),
    "resolution": lambda video, around: around.cards[video.pk].resolution,
    "size": lambda video, _: say_bytes(video.size_bytes),
    "date": lambda video, _: f"{video.date:%Y-%m-%d}" if video.date else "",
    "added": lambda video, _: f"{video.added_at:%Y-%m-%d}",
    "codec": lambda video, _: codec_name(video.video_codec),
    "audio": lambda video, _: video.audio_codec.upper(),
    "container": lambda video, _: video.container,
    "fps": lambda video, _: f"{video.frame_rate:.4g}" if video.frame_rate else "",
    "bitrate": lambda video, _: say_bitrate(video.bitrate),
    "orientation": lambda video, _: video.orientation,
    "library": lambda video, around: around.libraries.get(video.library_id, ""),
    "path": lambda video, _: video.path,
    "plays": _plays,
    "played": _played,
    "markers": lambda video, around: str(around.cards[video.pk].markers or ""),
    "missing": lambda video, _: f"{video.missing_since:%Y-%m-%d}" if video.missing_since else "",
}
