"""What a format has no place for, as JSON in one of its comments before the marker.

``{"title": …, "tag": …, "color": …, "start": s, "end": s}``, all optional; an end of ``null`` says
that the marker is a point.
"""

import json
from dataclasses import replace
from typing import Any

from apps.markers.services.formats.cue import Cue, MarkersRefused, checked

PREFIX = "mediahub "


def write_extras(values: dict[str, Any]) -> str:
    """One line without ``-->``, which would end a comment of WebVTT."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    # other programs take these for ends of lines
    for character in "\x85\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return PREFIX + text.replace(">", "\\u003e")


def read_extras(comment: str, *, place: str) -> dict[str, Any]:
    """What a comment of ours says, nothing for any other. Raises MarkersRefused."""
    if not comment.startswith(PREFIX):
        return {}
    try:
        values = json.loads(comment.removeprefix(PREFIX))
    except (ValueError, RecursionError) as error:
        raise MarkersRefused(f"{place}: expected JSON after “{PREFIX.strip()}”.") from error
    if not isinstance(values, dict):
        raise MarkersRefused(f"{place}: expected a JSON object after “{PREFIX.strip()}”.")
    return values


def with_extras(cue: Cue, extras: dict[str, Any], *, place: str) -> Cue:
    """Raises MarkersRefused."""
    if "title" in extras:
        cue = replace(cue, title=text_of(extras["title"], "title", place=place))
    if "tag" in extras:
        cue = replace(cue, tag=text_of(extras["tag"], "tag", place=place))
    if "color" in extras:
        cue = replace(cue, color=text_of(extras["color"], "color", place=place))
    if "start" in extras:
        cue = replace(cue, start_ms=ms_of(extras["start"], "start", place=place))
    if "end" in extras:
        end = extras["end"]
        cue = replace(cue, end_ms=None if end is None else ms_of(end, "end", place=place))
    return checked(cue, place=place)


def text_of(value: object, name: str, *, place: str) -> str:
    """Raises MarkersRefused."""
    if not isinstance(value, str):
        raise MarkersRefused(f"{place}: expected text for “{name}”.")
    return value


def ms_of(value: object, name: str, *, place: str) -> int:
    """Milliseconds of a number of seconds. Raises MarkersRefused."""
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not 0 <= value <= 10_000_000:  # type: ignore[operator]
        raise MarkersRefused(f"{place}: expected seconds from 0 to 10,000,000 for “{name}”.")
    return round(value * 1_000)  # type: ignore[operator]
