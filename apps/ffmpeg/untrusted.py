"""Values read from media files: every one of them may be a lie, and is checked here.

Each function takes anything and answers with a sane value or ``None`` (``""`` for text).
"""

import math
import re
from collections.abc import Mapping
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BROKEN = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]+")
_UNSET = "[0][0][0][0]"  # how FFmpeg writes a four-letter code that isn't there
_LONGEST_NUMBER = 40  # characters; int() of a huge string is slow


def number(value: object, low: float, high: float) -> float | None:
    """A finite number between ``low`` and ``high``, from a number or its text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and low <= found <= high else None


def integer(value: object, low: int, high: int) -> int | None:
    """A whole number between ``low`` and ``high``; what is not whole is cut off."""
    found = number(value, low, high)
    return None if found is None else int(found)


def milliseconds(value: object, low: float, high: float) -> int | None:
    """Seconds between ``low`` and ``high`` as whole milliseconds."""
    found = number(value, low, high)
    return None if found is None else round(found * 1000)


def ratio(value: object, low: float, high: float) -> float | None:
    """``"30000/1001"`` or ``"16:11"`` as a number between ``low`` and ``high``."""
    above, _, below = text(value, 60).replace(":", "/").partition("/")
    over, under = number(above, 0, 1e12), number(below or "1", 0, 1e12)
    return number(over / under, low, high) if over is not None and under else None


def text(value: object, longest: int) -> str:
    """Text that PostgreSQL and JSON accept: no NUL, no control characters, no lone surrogates.

    What could not be decoded becomes one U+FFFD a run, because decoders differ in how many they
    write. At most ``longest`` characters.
    """
    if not isinstance(value, str):
        return ""
    return _BROKEN.sub("\ufffd", _CONTROL.sub("", value[: 4 * longest]))[:longest].strip()


def tags(value: object, *, most: int, longest: int) -> dict[str, str]:
    """At most ``most`` tags with a name and a text of at most ``longest`` characters."""
    found: dict[str, str] = {}
    for name, content in mapping(value).items():
        clean_name, clean = text(name, 64), text(content, longest)
        if clean_name and clean and clean != _UNSET:
            found.setdefault(clean_name, clean)
        if len(found) == most:
            break
    return found


def mapping(value: object) -> Mapping[str, Any]:
    """The object if it is one, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object, most: int) -> list[Mapping[str, Any]]:
    """The objects of a list, at most ``most``."""
    return [mapping(item) for item in value[:most]] if isinstance(value, list) else []
