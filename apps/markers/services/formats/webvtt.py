"""Markers as WebVTT: a cue each, as players want chapters.

The title is the cue's text. Tag and colour, that a marker is a point, and a title that a cue's text
can't hold as it is stand in a NOTE before the cue, which players pass over.
"""

import html
import re
from collections.abc import Sequence
from typing import Any

from apps.markers.services.formats.cue import (
    Cue,
    MarkersRefused,
    checked,
    ends_of,
    few_enough,
    in_order,
    lines_of,
)
from apps.markers.services.formats.extras import read_extras, with_extras, write_extras

_TIME = r"(?:(\d{2,6}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?", re.ASCII)
_MARKUP = re.compile(r"<[^<>]*>")
_KEPT = re.compile(r"\S+(?: \S+)*")  # what comes out of a cue's text as it went in


def write_webvtt(cues: Sequence[Cue], *, duration_ms: int | None = None) -> str:
    """Points last to the next marker (``formats.cue.ends_of``)."""
    ordered = in_order(cues)
    blocks = ["WEBVTT"]
    for number, (cue, end_ms) in enumerate(
        zip(ordered, ends_of(ordered, duration_ms=duration_ms), strict=True), 1
    ):
        extras = _extras(cue)
        if extras:
            blocks.append(f"NOTE {write_extras(extras)}")
        times = f"{_clock(cue.start_ms)} --> {_clock(end_ms)}"
        blocks.append(f"{number}\n{times}\n{_escaped(cue.title)}".rstrip("\n"))
    return "\n\n".join(blocks) + "\n"


def read_webvtt(content: bytes) -> list[Cue]:
    """Raises MarkersRefused."""
    lines = lines_of(content)
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise MarkersRefused("Line 1: expected WEBVTT.")
    cues: list[Cue] = []
    extras: dict[str, Any] = {}
    for at, block in _blocks(lines):
        first = block[0]
        if first.startswith(("NOTE", "STYLE", "REGION")) and not _has_times(block):
            extras = read_extras(first.removeprefix("NOTE").strip(), place=f"Line {at}")
            continue
        cues.append(_read_cue(at, block, extras))
        extras = {}
    return few_enough(cues)


def _blocks(lines: list[str]) -> list[tuple[int, list[str]]]:
    """The blocks after the header, each with the number of its first line."""
    blocks: list[tuple[int, list[str]]] = []
    inside = True  # the header goes to the first empty line
    for number, line in enumerate(lines[1:], 2):
        if not line:
            inside = False
        elif inside:
            if blocks:
                blocks[-1][1].append(line)
        else:
            blocks.append((number, [line]))
            inside = True
    return blocks


def _has_times(block: list[str]) -> bool:
    return any("-->" in line for line in block[:2])


def _read_cue(at: int, block: list[str], extras: dict[str, Any]) -> Cue:
    named = "-->" not in block[0]
    at, block = (at + 1, block[1:]) if named else (at, block)
    match = _TIMES.fullmatch(block[0]) if block else None
    if match is None:
        raise MarkersRefused(f"Line {at}: expected times such as 00:01:02.500 --> 00:01:04.000.")
    parts = match.groups(default="0")
    start, end = _ms(parts[:4]), _ms(parts[4:])
    place = f"Line {at}"
    try:
        words = html.unescape(_MARKUP.sub("", " ".join(block[1:]))).split()
    except ValueError as error:  # a number of thousands of digits
        raise MarkersRefused(f"{place}: expected a character after “&#”.") from error
    return with_extras(checked(Cue(start, end, " ".join(words)), place=place), extras, place=place)


def _extras(cue: Cue) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if cue.end_ms is None:
        values["end"] = None
    if cue.tag:
        values["tag"] = cue.tag
    if cue.color:
        values["color"] = cue.color
    if cue.title and not _KEPT.fullmatch(cue.title):
        values["title"] = cue.title
    return values


def _escaped(title: str) -> str:
    return html.escape(" ".join(title.split()), quote=False)


def _clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"


def _ms(parts: Sequence[str]) -> int:
    hours, minutes, seconds, ms = map(int, parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms
