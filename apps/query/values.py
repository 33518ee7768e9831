"""What values mean: quantities with units, dates, resolutions. Raises ValueError in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

_LARGEST = Decimal(10**15)
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,6})?|\.\d{1,6}")
_PART = re.compile(r"(\d{1,18}(?:\.\d{1,6})?|\.\d{1,6})([a-z/]*)")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2}(?:\.\d{1,3})?)")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_AGO = re.compile(r"(\d{1,5})(h|d|w|mo|y)")
_PICTURE = re.compile(r"(\d{1,5})x(\d{1,5})")

# what a unit is worth; the first name of each is the one that is suggested
SECONDS = {"s": 1_000, "sec": 1_000, "": 1_000, "ms": 1, "m": 60_000, "min": 60_000,
           "h": 3_600_000, "hr": 3_600_000, "d": 86_400_000}  # fmt: skip
BYTES = {
    "": 1, "b": 1,
    **{f"{letter}{end}": 1_000**n for n, letter in enumerate("kmgt", 1) for end in ("b", "")},
    **{f"{letter}ib": 1_024**n for n, letter in enumerate("kmgt", 1)},
}  # fmt: skip
BITS = {
    "": 1, "bps": 1, "bit/s": 1,
    **{f"{letter}{end}": 1_000**n for n, letter in enumerate("kmg", 1)
       for end in ("bps", "bit/s", "bit", "b", "")},
}  # fmt: skip
PLAIN = {"": 1}
PIXELS = {"": 1, "px": 1, "p": 1}
FRAMES = {"": 1, "fps": 1}

# names of resolutions by the least number of lines of a 16:9 picture
RESOLUTIONS: dict[str, int] = {
    "8k": 4_320, "4k": 2_160, "1440p": 1_440, "1080p": 1_080, "720p": 720, "576p": 576,
    "480p": 480, "360p": 360,
}  # fmt: skip
_RESOLUTION_NAMES = {
    **RESOLUTIONS, "4320p": 4_320, "2160p": 2_160, "uhd": 2_160, "2k": 1_440, "qhd": 1_440,
    "fhd": 1_080, "hd": 720,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """What a value stands for: from ``start`` up to and without ``end`` (``None``: without end).

    A value that is a ``point`` is compared by its start alone: ``<=10m`` is up to ten minutes and
    no more, where ``<=2024`` takes the whole year in.
    """

    start: Any
    end: Any
    point: bool = True


def read_quantity(text: str, units: Mapping[str, int]) -> Span:
    """``1h30m``, ``700MB``: as precise as it was written, so that ``10m`` equals 10:42."""
    rest, total, width = text.strip().lower(), Decimal(0), Decimal(0)
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in units:
            raise ValueError(_units(text, units))
        unit = Decimal(units[part[2]])
        total += Decimal(part[1]) * unit
        width = unit.scaleb(-len(part[1].partition(".")[2]))
        rest = rest[part.end() :]
    if not width or total > _LARGEST:
        raise ValueError(f"“{text}” is too large" if width else _units(text, units))
    return Span(total, total + width)


def read_duration(text: str) -> Span:
    """As ``read_quantity`` in milliseconds; also ``1:30`` and ``1:30:00``."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        return read_quantity(text, SECONDS)
    hours, minutes, seconds = (Decimal(part or 0) for part in clock.groups())
    total = ((hours * 60 + minutes) * 60 + seconds) * 1_000
    return Span(total, total + Decimal(1_000).scaleb(-len(clock[3].partition(".")[2])))


def read_resolution(text: str) -> Span:
    """A name such as ``1080p`` or ``4k``, from its least number of lines to the next name's."""
    name = text.strip().lower()
    lines = _RESOLUTION_NAMES.get(name)
    if lines is None:
        number = re.fullmatch(r"(\d{1,5})p?", name)
        if number is None:
            raise ValueError(f"“{text}” is no resolution: write 1080p, 4k or 1920x1080")
        return Span(int(number[1]), int(number[1]) + 1, point=False)
    above = [least for least in RESOLUTIONS.values() if least > lines]
    return Span(lines, min(above) if above else None, point=False)


def read_picture_size(text: str) -> tuple[int, int] | None:
    """Width and height of ``1920x1080``, if that is one."""
    match = _PICTURE.fullmatch(text.strip().lower())
    return (int(match[1]), int(match[2])) if match else None


def read_day(text: str, *, now: datetime) -> Span:
    """A year, month or day as a span of dates; ``7d`` as the moment seven days ago.

    ``now`` is local and aware. A moment's span has no end: it is all that came since.
    """
    word = text.strip().lower()
    if word in ("today", "yesterday"):
        day = now.date() - timedelta(days=word == "yesterday")
        return Span(day, day + timedelta(days=1), point=False)
    if ago := _AGO.fullmatch(word):
        return Span(_before(now, int(ago[1]), ago[2], text), None)
    match = _DAY.fullmatch(word)
    if match is None:
        raise ValueError(f"“{text}” is no date: write 2024, 2024-05, 2024-05-17, today or 7d")
    year, month, day_of_month = (int(part) if part else 0 for part in match.groups())
    try:
        start = date(year, month or 1, day_of_month or 1)
        return Span(start, _next(start, month=month, day=day_of_month), point=False)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"“{text}” is not in the calendar") from error


def _next(start: date, *, month: int, day: int) -> date:
    if day:
        return start + timedelta(days=1)
    if month:
        return date(start.year + month // 12, month % 12 + 1, 1)
    return date(start.year + 1, 1, 1)


def _before(now: datetime, count: int, unit: str, text: str) -> datetime:
    hours = {"h": 1, "d": 24, "w": 168, "mo": 730, "y": 8_766}[unit]
    try:
        return now - timedelta(hours=hours * count)
    except OverflowError as error:
        raise ValueError(f"“{text}” ago is too long ago") from error


def _units(text: str, units: Mapping[str, int]) -> str:
    named = [name for name in units if name]
    if not named:
        return f"“{text}” is no number"
    return f"“{text}” is no number with a unit, such as 5{named[0]} (known: {', '.join(named)})"
