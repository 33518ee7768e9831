"""What the caret stands in, of a query that is only half typed. Plain Python; nothing is an error.

Follows the grammar's tokens, but closes what is open at the caret.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_GAP = re.compile(r"[\s()]*")
_MINUS = re.compile(r"-(?=[^\s)])")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(:?(?:!=|<=|>=|=|<|>)|:)")
_PHRASE = re.compile(r'"((?:\\.|[^"\\])*)("|\\?$)', re.DOTALL)
_PLAIN = re.compile(r'[^\s",()]*')
_WORD = re.compile(r'[^\s"()]+')
_COMMA = re.compile(r"\s*,")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """A word, or with ``field`` a value of it. ``start`` to ``end`` is what a completion replaces,
    ``text`` what of it stands before the caret, without its quotes."""

    start: int
    end: int
    text: str = ""
    field: str = ""
    operator: str = ""
    quoted: bool = False


def find_place(text: str, at: int) -> Place:
    """The place at a caret, which counts characters from 0."""
    at = max(0, min(at, len(text)))
    for place in _places(text, at):
        if place.start <= at <= place.end:
            return place
        if place.start > at:
            break
    return Place(at, at)


def _places(text: str, at: int) -> Iterator[Place]:
    here = _end(_GAP, text, 0)
    while here < len(text):
        if minus := _MINUS.match(text, here):
            here = minus.end()
            if here > at:
                return
        elif field := _FIELD.match(text, here):
            if at < field.end():
                yield Place(here, field.end(), text[here:at])
            for place in _values(text, at, field):
                yield place
                here = place.end
        else:
            place = _word(text, here, at)
            yield place
            here = place.end
        here = _end(_GAP, text, here)


def _values(text: str, at: int, field: "re.Match[str]") -> Iterator[Place]:
    """The values of a term: one at least, which may be empty yet."""
    name, sign = field[1].lower(), field[2].removeprefix(":") or ":"
    here = field.end()
    while True:
        start = _end(_SPACE, text, here)
        if here <= at < start:
            start = at  # in the gap: a new value begins here
        place = _value(text, start, at)
        yield Place(place.start, place.end, place.text, name, sign, place.quoted)
        comma = _COMMA.match(text, place.end)
        if comma is None:
            return
        here = comma.end()


def _value(text: str, start: int, at: int) -> Place:
    if phrase := _PHRASE.match(text, start):
        return _phrase(phrase, at)
    return Place(start, _end(_PLAIN, text, start), text[start:at] if start <= at else "")


def _word(text: str, start: int, at: int) -> Place:
    if phrase := _PHRASE.match(text, start):
        return _phrase(phrase, at)
    end = max(_end(_WORD, text, start), start + 1)
    return Place(start, end, text[start:at] if start <= at <= end else "")


def _phrase(phrase: "re.Match[str]", at: int) -> Place:
    before = phrase[1][: max(0, at - phrase.start(1))]
    return Place(phrase.start(), phrase.end(), re.sub(r"\\(.)", r"\1", before), quoted=True)


def _end(pattern: "re.Pattern[str]", text: str, here: int) -> int:
    match = pattern.match(text, here)
    return match.end() if match else here
