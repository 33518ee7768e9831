"""Where a media server has the files that are here. Plain Python: bytes in, text out, and back.

Names here are bytes; servers take and give text. A server on Windows has folders such as
``D:\\Films`` or ``\\\\nas\\films``, whatever separates names here.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.errors import MediaHubError

MOST_RULES = 100
_LONGEST = 1_000
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\[^\\/]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MapRefused(MediaHubError):
    """A path map can't be used so; its text names the rule."""

    code = "path_map_refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """A folder here, and what the server calls it."""

    here: str
    there: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a file is called there. ``whole`` is false if its own name can't be said: then it is the
    nearest folder. ``reason`` is set, and ``there`` empty or misleading, if it can't be told:
    unmapped, shadowed (there it is another file) or unnameable."""

    there: str
    rule: Rule | None = None
    whole: bool = True
    reason: str = ""


class PathMap:
    """The rules of one server; without any, paths are the same there."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._by_here = sorted(rules, key=lambda rule: -len(os.fsencode(rule.here)))
        self._by_there = sorted(rules, key=lambda rule: -len(rule.there))

    @classmethod
    def of(cls, stored: Sequence[dict[str, str]]) -> "PathMap":
        """What ``cleaned`` has let through."""
        return cls([Rule(each["here"], each["there"]) for each in stored])

    def forward(self, path: bytes) -> Mapped:
        """What the server calls a file of ours, which is absolute; by the longest rule."""
        if not self.rules:
            text, whole = _said(path)
            return Mapped(text or "/", None, whole)
        for rule in self._by_here:
            if (rest := _below(path, os.fsencode(rule.here))) is not None:
                return self._by(rule, rest, path)
        return Mapped("", reason="unmapped")

    def back(self, there: str) -> bytes | None:
        """Where a file of the server's is here, if it is anywhere."""
        if not self.rules:
            return there.encode() if there.startswith("/") else None
        for rule in self._by_there:
            rest = _below_there(there, rule.there)
            if rest is not None:
                return os.fsencode(rule.here).rstrip(b"/") + rest.encode() or b"/"
        return None

    def _by(self, rule: Rule, rest: bytes, path: bytes) -> Mapped:
        text, whole = _said(rest)
        if is_windows(rule.there):
            if "\\" in text:
                return Mapped("", rule, reason="unnameable")
            text = text.replace("/", "\\")
        there = (rule.there.rstrip("\\/") + text) or "/"
        told = path if whole else path[: len(path) - len(rest)] + _said(rest)[0].encode()
        shadowed = self.back(there) != (told.rstrip(b"/") or b"/")
        return Mapped(there, rule, whole, "shadowed" if shadowed else "")


def cleaned(value: Any) -> list[dict[str, str]]:
    """A path map as it is stored, of what a person gave. Raises MapRefused."""
    if not isinstance(value, list) or len(value) > MOST_RULES:
        raise MapRefused(f"The path map is a list of up to {MOST_RULES} rules.")
    rules = [_rule(number, each) for number, each in enumerate(value, start=1)]
    for side in ("here", "there"):
        seen: dict[str, int] = {}
        for number, rule in enumerate(rules, start=1):
            place = plain(rule[side]) if side == "there" else rule[side]
            if place in seen:
                raise MapRefused(
                    f"Rules {seen[place]} and {number} of the path map both name {rule[side]} "
                    f"{'here' if side == 'here' else 'at the server'}: keep one of them."
                )
            seen[place] = number
    return rules


def is_windows(path: str) -> bool:
    """Whether a server's path is one of Windows."""
    return bool(_WINDOWS.match(path))


def is_within(path: str, folder: str) -> bool:
    """Whether a path of a server's is a folder of it, or lies in that."""
    return _below_there(path, folder) is not None


def is_same(path: str, other: str) -> bool:
    """Whether two paths of a server's are one; Windows doesn't tell capitals apart."""
    return plain(path) == plain(other)


def parent(path: str) -> str:
    """The folder in which a server's file is."""
    separator = "\\" if is_windows(path) else "/"
    head = path.replace("/", "\\") if separator == "\\" else path
    folder = head.rstrip(separator).rpartition(separator)[0]
    return folder + separator if not folder or folder.endswith(":") else folder


def _rule(number: int, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != {"here", "there"}:
        raise MapRefused(f"Rule {number} of the path map needs a folder here and one there.")
    found: dict[str, str] = {}
    for side, said in (("here", "here"), ("there", "at the server")):
        text = value[side]
        if not isinstance(text, str) or not 0 < len(text := text.strip()) <= _LONGEST:
            raise MapRefused(f"Rule {number} of the path map has no folder {said}.")
        windows = side == "there" and is_windows(text)
        if not (text.startswith("/") or windows):
            raise MapRefused(
                f"Rule {number} of the path map: {text} must be a whole path, such as /media/films."
            )
        found[side] = _tidy(number, text, windows=windows)
    return found


def _tidy(number: int, text: str, *, windows: bool) -> str:
    text = text.replace("/", "\\") if windows else text
    separator = "\\" if windows else "/"
    names = [name for name in text.split(separator) if name]
    if _CONTROL.search(text) or not _is_storable(text) or {".", ".."} & set(names):
        raise MapRefused(
            f"Rule {number} of the path map has a path with . or .., or with letters that no path "
            "should have. Write it out."
        )
    lead = "\\\\" if text.startswith("\\\\") else "" if windows else "/"
    tidy = lead + separator.join(names)
    return tidy + "\\" if re.fullmatch("[A-Za-z]:", tidy) else tidy


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _said(path: bytes) -> tuple[str, bool]:
    """A path as text; of one that has none the nearest folder that has."""
    whole = True
    while True:
        try:
            return path.decode(), whole
        except UnicodeDecodeError:
            path, whole = path.rpartition(b"/")[0], False


def _below(path: bytes, folder: bytes) -> bytes | None:
    """What follows on a folder, with the slash; nothing for the folder itself."""
    folder = folder.rstrip(b"/")
    if path.startswith(folder + b"/"):
        return path[len(folder) :]
    return b"" if path.rstrip(b"/") == folder else None


def _below_there(path: str, folder: str) -> str | None:
    """The same of a server's paths; with slashes, whatever separates names there."""
    windows = is_windows(folder)
    plain = path.replace("\\", "/") if windows else path
    start = folder.replace("\\", "/").rstrip("/") if windows else folder.rstrip("/")
    head, rest = plain[: len(start)], plain[len(start) :]
    equal = head.casefold() == start.casefold() if windows else head == start
    return rest.rstrip("/") if equal and (not rest or rest.startswith("/")) else None


def plain(path: str) -> str:
    """What is equal for the same place."""
    if is_windows(path):
        return path.replace("/", "\\").rstrip("\\").casefold()
    return path.rstrip("/") or "/"
