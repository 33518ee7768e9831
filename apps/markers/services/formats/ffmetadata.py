"""Markers as chapters in FFmpeg's own format, as ``ffmpeg -f ffmetadata`` reads and writes it.

A chapter has a start, an end and a title. What else a marker has stands in keys of our own, which
FFmpeg keeps in containers that can.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from apps.markers.services.formats.cue import (
    Cue,
    MarkersRefused,
    checked,
    ends_of,
    few_enough,
    in_order,
    lines_of,
)

_HEADER = ";FFMETADATA"
_SPECIAL = re.compile(r"([=;#\\\n])")
_TIMEBASE = re.compile(r"(\d{1,10})/(\d{1,10})", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_NANOSECONDS = Fraction(1, 1_000_000_000)
_TAG, _COLOR, _POINT = "mediahub_tag", "mediahub_color", "mediahub_point"

Values = dict[str, str]


def write_ffmetadata(cues: Sequence[Cue], *, duration_ms: int | None = None) -> str:
    """Points become chapters up to the next marker (``formats.cue.ends_of``)."""
    ordered = in_order(cues)
    parts = [f"{_HEADER}1\n"]
    for cue, end_ms in zip(ordered, ends_of(ordered, duration_ms=duration_ms), strict=True):
        parts.append(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={cue.start_ms}\nEND={end_ms}\n")
        values = {"title": cue.title, _TAG: cue.tag, _COLOR: cue.color}
        values[_POINT] = "1" if cue.end_ms is None else ""
        parts += [f"{key}={_escaped(value)}\n" for key, value in values.items() if value]
    return "".join(parts)


def read_ffmetadata(content: bytes) -> list[Cue]:
    """The chapters of a file; what it says of the whole and of streams is passed over.

    Raises MarkersRefused.
    """
    lines = lines_of(content)
    if not lines[0].startswith(_HEADER):
        raise MarkersRefused(f"Line 1: expected {_HEADER}1.")
    return few_enough([_cue(at, values) for at, values in _chapters(lines)])


def _chapters(lines: list[str]) -> Iterator[tuple[int, Values]]:
    """Of each chapter the number of its first line, and its keys."""
    chapter: tuple[int, Values] | None = None
    for number, line in _unfolded(lines):
        if line.startswith("["):
            if chapter:
                yield chapter
            chapter = (number, {}) if line.strip() == "[CHAPTER]" else None
        elif chapter is not None:
            key, equals, value = _split(line)
            if not equals:
                raise MarkersRefused(f"Line {number}: expected a key, = and a value.")
            chapter[1][key] = value
    if chapter:
        yield chapter


def _unfolded(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines that say something, those that a backslash ends with the ones that follow them."""
    held: list[str] = []
    first = 0
    for number, line in enumerate(lines, 1):
        first = first if held else number
        if not held and (not line or line[0] in ";#"):
            continue
        held.append(line)
        if (len(line) - len(line.rstrip("\\"))) % 2:
            continue
        yield first, "\n".join(held)
        held = []
    if held:
        raise MarkersRefused(f"Line {first}: expected another line after the backslash.")


def _split(line: str) -> tuple[str, bool, str]:
    """Key and value, at the first ``=`` that isn't escaped."""
    match = re.match(r"((?:[^\\=]|\\.)*)=", line, re.DOTALL)
    if match is None:
        return line, False, ""
    return _plain(match[1]), True, _plain(line[match.end() :])


def _cue(at: int, values: Values) -> Cue:
    place = f"Line {at}"
    timebase = _NANOSECONDS
    if "TIMEBASE" in values:
        match = _TIMEBASE.fullmatch(values["TIMEBASE"].strip())
        if match is None or not int(match[1]) or not int(match[2]):
            raise MarkersRefused(f"{place}: expected a TIMEBASE such as 1/1000 in the chapter.")
        timebase = Fraction(int(match[1]), int(match[2]))
    if "START" not in values:
        raise MarkersRefused(f"{place}: expected a START in the chapter.")
    start = _ms(values["START"], timebase, "START", place=place)
    end = _ms(values["END"], timebase, "END", place=place) if "END" in values else None
    is_point = end is None or values.get(_POINT) == "1"
    cue = Cue(
        start, None if is_point else end, values.get("title", ""), values.get(_TAG, ""),
        values.get(_COLOR, ""),
    )  # fmt: skip
    return checked(cue, place=place)


def _ms(text: str, timebase: Fraction, name: str, *, place: str) -> int:
    if not _NUMBER.fullmatch(text.strip()):
        raise MarkersRefused(f"{place}: expected a whole number as {name} of the chapter.")
    return round(int(text) * timebase * 1_000)


def _escaped(value: str) -> str:
    return _SPECIAL.sub(r"\\\1", value)


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
