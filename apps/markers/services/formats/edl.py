"""Markers as an edit decision list of MPlayer and Kodi: ``start end action`` in seconds.

Kodi knows scene markers (action 2), which it puts at the line's *end*, so that both times of ours
are the marker's start. What a line has no place for stands in a comment before it. Of lists from
elsewhere cuts, muted passages and commercial breaks become ranges of those names.
"""

import re
from collections.abc import Sequence
from typing import Any

from apps.markers.services.formats.cue import (
    Cue,
    MarkersRefused,
    checked,
    few_enough,
    in_order,
    lines_of,
)
from apps.markers.services.formats.extras import read_extras, with_extras, write_extras

_SECONDS = re.compile(r"\d{1,8}(?:\.\d{1,9})?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)", re.ASCII)
_SCENE = 2
_RANGES = {0: "Cut", 1: "Muted", 3: "Commercial break"}


def write_edl(cues: Sequence[Cue], **_not_needed: object) -> str:
    parts = []
    for cue in in_order(cues):
        values: dict[str, Any] = {
            name: value
            for name, value in (("title", cue.title), ("tag", cue.tag), ("color", cue.color))
            if value
        }
        if cue.end_ms is not None:
            values |= {"end": cue.end_ms / 1_000}
        if values:
            parts.append(f"## {write_extras(values)}\n")
        at = f"{cue.start_ms // 1_000}.{cue.start_ms % 1_000:03}"
        parts.append(f"{at}\t{at}\t{_SCENE}\n")
    return "".join(parts)


def read_edl(content: bytes) -> list[Cue]:
    """Raises MarkersRefused."""
    cues: list[Cue] = []
    extras: dict[str, Any] = {}
    for number, line in enumerate(lines_of(content), 1):
        place = f"Line {number}"
        if line.startswith("#"):
            extras = read_extras(line.lstrip("#").strip(), place=place)
        elif line.strip():
            cues.append(with_extras(_read_line(line, place=place), extras, place=place))
            extras = {}
    return few_enough(cues)


def _read_line(line: str, *, place: str) -> Cue:
    words = line.split()
    if len(words) < 3 or words[2] not in {"0", "1", "2", "3"}:
        raise MarkersRefused(f"{place}: expected a start, an end and an action from 0 to 3.")
    start, end, action = _ms(words[0], place=place), _ms(words[1], place=place), int(words[2])
    if action == _SCENE:
        return checked(Cue(end), place=place)
    return checked(Cue(start, end, _RANGES[action]), place=place)


def _ms(word: str, *, place: str) -> int:
    if _SECONDS.fullmatch(word):
        return round(float(word) * 1_000)
    match = _CLOCK.fullmatch(word)
    if match is None:
        raise MarkersRefused(f"{place}: expected a time such as 75.5 or 0:01:15.5, not frames.")
    return round((int(match[1] or 0) * 3_600 + int(match[2]) * 60 + float(match[3])) * 1_000)
