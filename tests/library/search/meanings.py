"""What values of the query language stand for, and which facts they are compared with."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.factories import NOON
from tests.library.search.facts import Facts

Span = tuple[Any, Any, bool]  # from, up to and without, and whether <= stops at its start


def _whole_numbers(**units: int) -> Callable[[str], Span]:
    def read(text: str) -> Span:
        number, unit = re.fullmatch(r"([\d.]+)([A-Za-z/]*)", text).groups()  # type: ignore[union-attr]
        worth = units[unit or "one"]
        digits = len(number.partition(".")[2])
        start = round(float(number) * worth * 1_000) / 1_000
        return start, round((start + worth / 10**digits) * 1_000) / 1_000, True

    return read


DURATIONS: dict[str, Span] = {
    "10m": (600_000, 660_000, True), "1h30m": (5_400_000, 5_460_000, True),
    "90": (90_000, 91_000, True), "1:30": (90_000, 91_000, True), "0": (0, 1_000, True),
    "1.5h": (5_400_000, 5_760_000, True), "90500ms": (90_500, 90_501, True),
    "1:30.5": (90_500, 90_600, True), "1:30:00": (5_400_000, 5_401_000, True),
}  # fmt: skip
RESOLUTIONS: dict[str, Span] = {
    "1080p": (1080, 1440, False), "4k": (2160, 4320, False), "8K": (4320, None, False),
    "720p": (720, 1080, False), "480p": (480, 576, False), "1080": (1080, 1081, False),
    "fhd": (1080, 1440, False), "2k": (1440, 2160, False), "700p": (700, 701, False),
}  # fmt: skip
_DAY = timedelta(days=1)
DAYS: dict[str, Span] = {
    "2024": (date(2024, 1, 1), date(2025, 1, 1), False),
    "2024-05": (date(2024, 5, 1), date(2024, 6, 1), False),
    "2023-12": (date(2023, 12, 1), date(2024, 1, 1), False),
    "2024-05-17": (date(2024, 5, 17), date(2024, 5, 18), False),
    "today": (NOON.date(), NOON.date() + _DAY, False),
    "yesterday": (NOON.date() - _DAY, NOON.date(), False),
    "7d": (NOON - 7 * _DAY, None, True), "1w": (NOON - 7 * _DAY, None, True),
    "8d": (NOON - 8 * _DAY, None, True), "24h": (NOON - _DAY, None, True),
}  # fmt: skip
MEANINGS: dict[str, Callable[[str], Span]] = {
    "duration": DURATIONS.__getitem__,
    "resolution": RESOLUTIONS.__getitem__,
    "size": _whole_numbers(one=1, MB=10**6, GB=10**9, GiB=2**30, kB=1_000, mib=2**20),
    "bitrate": _whole_numbers(one=1, Mbps=10**6, k=1_000, kbps=1_000),
    "fps": _whole_numbers(one=1, fps=1),
    "width": _whole_numbers(one=1, px=1),
    "height": _whole_numbers(one=1, p=1),
}
PLAIN = _whole_numbers(one=1)
COLUMNS: dict[str, Callable[[Facts], Any]] = {
    "duration": lambda v: v.duration_ms,
    "size": lambda v: v.size,
    "bitrate": lambda v: v.bitrate,
    "fps": lambda v: v.fps,
    "width": lambda v: v.width,
    "height": lambda v: v.height,
    "resolution": lambda v: v.lines,
    "rating": lambda v: v.rating,
    "dup": lambda v: v.twin,
    "tags": lambda v: len(v.tags),
    "performers": lambda v: len(v.performers),
    "markers": lambda v: len(v.markers),
    "plays": lambda v: v.plays[0] if v.plays else 0,
    "date": lambda v: v.date,
    "added": lambda v: v.added,
    "played": lambda v: v.plays[1] if v.plays and v.plays[0] else None,
    "stars": lambda v: _of_kind(v.custom.get("stars"), int | float),
    "seen_on": lambda v: _a_day(v.custom.get("seen_on")),
}
COUNTS = ("tags", "performers", "markers", "plays")


def _of_kind(value: Any, kind: Any) -> Any:
    return value if isinstance(value, kind) else None


def _a_day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None
