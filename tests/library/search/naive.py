"""What queries mean, said again in plain Python over plain facts, slowly and one video at a time.

Shares nothing with the compiler but the tree: texts are folded by a table of its own, and what
values stand for is written down in ``meanings``.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from apps.query import And, Node, Not, Or, Range, Term, Value, Word
from tests.library.search.facts import ROOTS, Facts, Label, World
from tests.library.search.meanings import COLUMNS, COUNTS, DAYS, MEANINGS, PLAIN, Span

CUSTOM_KEYS = ("stars", "seen_on")
_LETTERS = {"é": "e", "É": "e", "ß": "ss", "ë": "e"}
_CODECS = {"h.264": "h264", "x265": "hevc", "h265": "hevc"}


def fold(text: str) -> str:
    """Lower case, without accents and punctuation, a blank around each word."""
    plain = "".join(_LETTERS.get(letter, letter) for letter in text).lower()
    words = re.findall(r"[a-z0-9日本\ue000]+", plain)
    return f" {' '.join(words)} "


def like(text: str, pattern: str) -> bool:
    """Whether all of a text is like a pattern with stars, in any case."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


def asked(node: Node, world: World) -> set[int]:
    """The ids of the videos that a query asks for."""
    return {video.pk for video in world.videos if holds(node, video, world)}


def holds(node: Node, video: Facts, world: World) -> bool:
    match node:
        case Not():
            return not holds(node.node, video, world)
        case And():
            return all(holds(one, video, world) for one in node.nodes)
        case Or():
            return any(holds(one, video, world) for one in node.nodes)
        case Word():
            return _word_is_in(node, video)
        case Term(operator="!="):
            return not holds(Term(node.field, "=", node.values), video, world)
        case Term():
            return any(_matches(node, value, video, world) for value in node.values)


def _word_is_in(word: Word, video: Facts) -> bool:
    core = fold(word.text).strip()
    starts = not word.quoted and core.isascii() and 0 < len(core) <= 2
    sought = f" {core}" if starts else core
    if any(sought in fold(text) for text in (video.title, video.path)):
        return True
    labels = [*video.tags, *video.performers, *([video.studio] if video.studio else [])]
    return any(sought in fold(name) for label in labels for name in label.names)


def _matches(term: Term, value: Value | Range, video: Facts, world: World) -> bool:
    text, name = value.text, term.field
    word = "" if isinstance(value, Range) or value.quoted else text.lower()
    if name in COLUMNS:
        return _compares(term, value, word, video)
    if name in ("tag", "performer", "studio"):
        return _is_labelled(term, text, word, video, world)
    return _OTHERS[name](video, text, word, term.operator)


def _compares(term: Term, value: Value | Range, word: str, video: Facts) -> bool:
    column = COLUMNS[term.field](video)
    if word in ("none", "any"):
        has = bool(column) if term.field in COUNTS else column is not None
        if term.field in CUSTOM_KEYS:
            has = term.field in video.custom
        if term.field == "played":
            has = bool(video.plays and video.plays[0])
        return has == (word == "any")
    if term.field == "played" and word in ("yes", "no"):
        return bool(video.plays and video.plays[0]) == (word == "yes")
    if term.field == "resolution" and "x" in value.text:
        return [str(video.width), str(video.height)] == value.text.split("x")
    if column is None:
        return False
    if isinstance(value, Range):
        return (not value.low or column >= _read(term.field, value.low)[0]) and (
            not value.high or _is_up_to(column, _read(term.field, value.high))
        )
    sign = "<=" if term.field == "dup" and term.operator == ":" else term.operator
    return _stands(column, sign, _read(term.field, value.text))


def _stands(column: Any, sign: str, span: Span) -> bool:
    start, end, point = span
    match sign:
        case "<":
            return bool(column < start)
        case ">=":
            return bool(column >= start)
        case "<=":
            return _is_up_to(column, span)
        case ">":
            return bool(column > start if point else end is not None and column >= end)
    return bool(start <= column and (end is None or column < end))


def _is_up_to(column: Any, span: Span) -> bool:
    start, end, point = span
    return bool(column <= start if point else end is None or column < end)


def _read(name: str, text: str) -> Span:
    if name not in ("date", "added", "played", "seen_on"):
        return MEANINGS.get(name, PLAIN)(text)
    start, end, point = DAYS[text]
    as_column = _moment if name in ("added", "played") else _date
    return as_column(start), end and as_column(end), point


def _moment(edge: date) -> datetime:
    return edge if isinstance(edge, datetime) else timezone.make_aware(
        datetime.combine(edge, time())
    )  # fmt: skip


def _date(edge: date) -> date:
    return edge.date() if isinstance(edge, datetime) else edge


def _is_labelled(term: Term, text: str, word: str, video: Facts, world: World) -> bool:
    studios = [video.studio] if video.studio else []
    has = {"tag": video.tags, "performer": video.performers, "studio": studios}[term.field]
    if word in ("none", "any"):
        return bool(has) == (word == "any")
    known = {"tag": world.tags, "performer": world.performers, "studio": world.studios}[term.field]
    meant = [label for label in known if _is_called(label, text)]
    if term.operator == ":":
        return any(one.lies_in(label) for one in has for label in meant)
    return any(one in meant for one in has)


def _is_called(label: Label, text: str) -> bool:
    pattern = fold(text.replace("*", "\ue000")).replace("\ue000", "*")
    return any(like(fold(name), pattern) for name in label.names)


def _title(video: Facts, text: str, word: str, sign: str) -> bool:
    if word in ("none", "any"):
        return bool(video.title) == (word == "any")
    if sign == ":" and "*" not in text:
        return fold(text).strip() in fold(video.title)
    return like(fold(video.title), fold(text.replace("*", "\ue000")).replace("\ue000", "*"))


def _path(video: Facts, text: str, word: str, sign: str) -> bool:
    if word in ("none", "any"):
        return bool(video.path) == (word == "any")
    absolute = ROOTS[video.library].rstrip("/") + "/" + video.path
    whole = sign == "=" or "*" in text
    if text.startswith("/"):
        folder = text.rstrip("/") + "/*" if not whole else text
        return like(absolute, folder) or (not whole and like(absolute, text))
    return like(video.path, text if whole else f"*{text}*")


def _choice(column: str) -> Callable[[Facts, str, str, str], bool]:
    def matches(video: Facts, text: str, word: str, _sign: str) -> bool:
        has: str = getattr(video, column)
        if word in ("none", "any"):
            return bool(has) == (word == "any")
        return bool(has) and like(
            has, _CODECS.get(text.lower(), text) if column == "codec" else text
        )

    return matches


def _marker(video: Facts, text: str, word: str, sign: str) -> bool:
    if word in ("none", "any"):
        return bool(video.markers) == (word == "any")
    pattern = text if sign == "=" or "*" in text else f"*{text}*"
    return any(like(title, pattern) or (tag and like(tag.name, pattern))
               for title, tag in video.markers)  # fmt: skip


def _mood(video: Facts, text: str, word: str, sign: str) -> bool:
    if word in ("none", "any"):
        return ("mood" in video.custom) == (word == "any")
    has = video.custom.get("mood")
    pattern = text if sign == "=" or "*" in text else f"*{text}*"
    return "mood" in video.custom and like("" if has is None else str(has), pattern)


def _lent(video: Facts, text: str, word: str, _sign: str) -> bool:
    if word in ("none", "any"):
        return ("lent" in video.custom) == (word == "any")
    return video.custom.get("lent") is (text.lower() == "yes")


def _phash(video: Facts, text: str, word: str, _sign: str) -> bool:
    if word in ("none", "any"):
        return (video.phash is not None) == (word == "any")
    return video.phash == int(text, 16) and not video.flat


def _is_watched(video: Facts) -> bool:
    return bool(video.plays and video.plays[0])


STATES: dict[str, Callable[[Facts], bool]] = {
    "favorite": lambda v: v.favorite, "organized": lambda v: v.organized,
    "missing": lambda v: v.missing, "duplicate": lambda v: v.twin is not None and v.twin <= 4,
    "watched": _is_watched, "landscape": lambda v: v.orientation == "landscape",
    "portrait": lambda v: v.orientation == "portrait", "audio": lambda v: v.orientation == "",
    "square": lambda v: v.orientation == "square",
}  # fmt: skip
THINGS: dict[str, Callable[[Facts], bool]] = {
    "tags": lambda v: bool(v.tags), "performers": lambda v: bool(v.performers),
    "studio": lambda v: v.studio is not None, "rating": lambda v: v.rating is not None,
    "date": lambda v: v.date is not None, "details": lambda v: bool(v.details),
    "urls": lambda v: bool(v.urls), "markers": lambda v: bool(v.markers),
    "sound": lambda v: bool(v.audio), "picture": lambda v: v.width is not None,
    "cover": lambda v: "cover" in v.made, "sprite": lambda v: "sprite" in v.made,
    "preview": lambda v: "preview" in v.made, "phash": lambda v: v.phash is not None,
    "heatmap": lambda v: False,
}  # fmt: skip
_OTHERS: dict[str, Callable[[Facts, str, str, str], bool]] = {
    "title": _title, "path": _path, "codec": _choice("codec"), "audio": _choice("audio"),
    "container": _choice("container"), "orientation": _choice("orientation"), "marker": _marker,
    "mood": _mood, "lent": _lent, "phash": _phash,
    "library": lambda v, text, word, _s: word == "any" or v.library.lower() == text.lower(),
    "favorite": lambda v, text, _w, _s: v.favorite == (text == "yes"),
    "organized": lambda v, text, _w, _s: v.organized == (text == "yes"),
    "watched": lambda v, text, _w, _s: _is_watched(v) == (text == "yes"),
    "is": lambda v, text, _w, _s: STATES[text](v),
    "has": lambda v, text, _w, _s: THINGS[text](v),
    "missing": lambda v, text, _w, _s: (
        v.missing == (text == "yes") if text in ("yes", "no") else not THINGS[text](v)
    ),
}  # fmt: skip
