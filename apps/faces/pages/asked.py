"""What addresses and forms of FaceLab say, read with distrust."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

MOST_IDS = 50_000
_MOST_DIGITS = 18
_MOST_TEXT = 200


def keys_on(_user: Any, /) -> bool:
    """Whether a person wants keys of one letter; the player's app, which knows, says so."""
    return True


def number_in(text: str) -> int:
    """An id or another whole number; 0 of anything else."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else 0


def numbers_in(texts: Iterable[str]) -> list[int]:
    """The ids among what was sent, each once and in its order, whether alone or with commas."""
    found: dict[int, None] = {}
    for text in texts:
        for one in text.split(","):
            if number := number_in(one.strip()):
                found[number] = None
            if len(found) >= MOST_IDS:
                return list(found)
    return list(found)


def text_in(asked: QueryDict, name: str) -> str:
    """What somebody typed, without what no text has."""
    return asked.get(name, "").replace("\0", "").strip()[:_MOST_TEXT]
