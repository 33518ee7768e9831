"""From what programs and pages write to the shape that ``schema.read_scene`` takes.

Lengths and characters are its business; here only the forms are told apart.
"""

import re
from collections.abc import Iterable
from typing import Any

from apps.stashbox.schema import AnswerRefused, RemoteScene, read_scene
from apps.stashbox.schema.values import line
from apps.stashbox.scrapers.protocol import ScrapeRefused

_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?!\d)", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_PERIOD = re.compile(
    r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})(?:\.\d{1,9})?S)?)?", re.ASCII
)
_MOST_NAMES = 500


def scene_of(raw: dict[str, Any]) -> RemoteScene:
    """A scene of plain values, cleaned and bounded. Raises ScrapeRefused."""
    try:
        return read_scene({key: value for key, value in raw.items() if value not in (None, [])})
    except AnswerRefused as error:
        raise ScrapeRefused("What was found says nothing that could be used.") from error


def text(value: Any) -> str:
    """A text that says something, else nothing; numbers are texts here, too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else ""


def listed(value: Any) -> list[Any]:
    """A list of what may be one thing or several."""
    if value is None:
        return []
    return value[:_MOST_NAMES] if isinstance(value, list) else [value]


def named(names: Iterable[str]) -> list[dict[str, Any]]:
    """Labels that have nothing but a name, once each whatever their case."""
    found: dict[str, str] = {}
    for name in names:
        if len(found) < _MOST_NAMES and (clean := line(name, 200)):
            found.setdefault(clean.casefold(), clean)
    return [{"id": "", "name": name} for name in found.values()]


def cast(names: Iterable[str]) -> list[dict[str, Any]]:
    """Performers of nothing but a name."""
    return [{"performer": one} for one in named(names)]


def studio(name: str) -> dict[str, Any] | None:
    return next(iter(named([name])), None)


def split(value: Any) -> list[str]:
    """Words that stand in a list, or in one text between commas."""
    if isinstance(value, str):
        return [part.strip() for part in value[:20_000].split(",")]
    return [word for one in listed(value) if (word := text(one))]


def day(value: Any) -> str:
    """A date at the beginning of a text, whether or not it has dashes; else a year."""
    written = text(value).strip()[:40]
    if found := _DAY.match(written):
        return "-".join(found.groups())
    return written if _YEAR.fullmatch(written) else ""


def seconds(value: Any) -> int | None:
    """Whole seconds of a number, or of a text with one."""
    try:
        number = float(text(value)[:30])
        return round(number) if 0 < number < 10_000_000 else None
    except ValueError:
        return None


def period(value: Any) -> int | None:
    """Whole seconds of a duration as ISO 8601 writes it, or of a number of them."""
    written = text(value).strip()[:60]
    found = _PERIOD.fullmatch(written.upper())
    if not found:
        return seconds(written)
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest or None
