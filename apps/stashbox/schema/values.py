"""The single values of an answer: what they may be, and how long."""

import json
import re
from collections.abc import Callable, Hashable
from datetime import date
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from apps.core.errors import MediaHubError

Value = TypeVar("Value", bound=Hashable)

_DIGITS = {"MD5": 32, "OSHASH": 16, "PHASH": 16}
# PostgreSQL holds no NUL, UTF-8 no half of a pair; the rest is for terminals, not for people
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_MOST_URL = 1_000


class AnswerRefused(MediaHubError):
    """What was answered has not the shape that it must have; nothing of it was used."""

    code = "answer_refused"
    status = 502


def plain_json(content: bytes | str) -> Any:
    """JSON from elsewhere, however deep and odd it is. Raises AnswerRefused."""
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise AnswerRefused("The answer is no JSON that could be read.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def mapping(value: Any, what: str) -> dict[str, Any]:
    """Raises AnswerRefused unless it is an object."""
    if not isinstance(value, dict):
        raise AnswerRefused(f"The answer has no {what} where one must be.")
    return value


def line(value: Any, most: int) -> str:
    """One line without spaces around it, cut to ``most`` letters; nothing, if it is no text."""
    if not isinstance(value, str):
        return ""
    # a text of megabytes is not worth the work of cleaning it
    return " ".join(_UNWANTED.sub("", value[: most * 4]).split())[:most].rstrip()


def paragraphs(value: Any, most: int) -> str:
    """As ``line``, but lines stay."""
    if not isinstance(value, str):
        return ""
    text = _UNWANTED.sub("", value[: most * 4].replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip()[:most].rstrip()


def identity(value: Any, what: str) -> str:
    """A server's id of something. Raises AnswerRefused."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise AnswerRefused(f"The answer has a {what} without a proper id.")
    return value


def whole(value: Any, most: int) -> int | None:
    """A whole number from 0 to ``most``, else nothing."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= most else None


def day(value: Any) -> str:
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` of a day that was, else nothing."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return ""
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return ""
    return found[0]


def web_address(value: Any) -> str:
    """An address of http or https that a link may lead to, else nothing."""
    address = value.strip() if isinstance(value, str) and len(value) <= _MOST_URL * 2 else ""
    if not address or len(address) > _MOST_URL or any(c.isspace() or c in '<>"\\' for c in address):
        return ""
    try:
        parts = urlsplit(address)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return ""
    named = parts.username is not None or _UNWANTED.search(address)
    return address if sound and not named else ""


def fingerprint(algorithm: Any, value: Any) -> tuple[str, str] | None:
    """Both in their usual writing; nothing, if they are none or tell nothing (all zero)."""
    digits = _DIGITS.get(algorithm) if isinstance(algorithm, str) else None
    if digits is None or not isinstance(value, str) or len(value) > digits:
        return None
    text = value.lower().zfill(digits)  # servers leave leading zeros out
    return (algorithm, text) if _HEX.fullmatch(text) and text.strip("0") else None


def each(value: Any, most: int, read: Callable[[Any], Value | None]) -> tuple[Value, ...]:
    """What can be read of a list, once each, ``most`` of them. Raises AnswerRefused if ``value``
    is no list (nothing stands for an empty one)."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise AnswerRefused("The answer has no list where one must be.")
    found: dict[Value, None] = {}
    for item in value[: most * 2]:
        if (one := read(item)) and len(found) < most:
            found[one] = None
    return tuple(found)
