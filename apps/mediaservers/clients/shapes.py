"""What is told to servers, and what they answer, whatever their kind; and how answers are read."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.mediaservers.choices import ChangeKind

# PostgreSQL holds no NUL, UTF-8 no half of a pair
_UNWANTED = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_YEAR_OR_MORE = re.compile(r"[\[({]|\b(?:19|20)\d\d\b|\b\d{3,4}p\b", re.IGNORECASE)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Who:
    """What a server says it is: ``product`` may be empty."""

    product: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of one of the server's own libraries; ``sort`` is what it holds, as it says."""

    key: str
    library: str
    path: str
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """A file that changed, as the server calls it."""

    path: str
    change: ChangeKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is looked up, which was changed after ``since``."""

    path: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A file that the server has; of some it says no size."""

    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """``known`` by the paths that were asked for; of what is in ``blind`` the server can't be
    asked. What is in none of the three was not looked for thoroughly: nothing is known of it."""

    known: dict[str, Known]
    sought: AbstractSet[str]
    blind: AbstractSet[str] = frozenset()


def line(value: Any, most: int = 200) -> str:
    """One line, cut; nothing, if it is no text."""
    if not isinstance(value, str):
        return ""
    return " ".join(_UNWANTED.sub(" ", value[: most * 4]).split())[:most]


def path_of(value: Any) -> str:
    """A path as a server writes it; nothing, if it is none."""
    fine = isinstance(value, str) and len(value) <= 10_000 and not _UNWANTED.search(value)
    return value if fine else ""


def size_of(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST
    return value if sound else None


def objects(value: Any, most: int = 10_000) -> list[dict[str, Any]]:
    """The objects of a list, at most so many; none, if it is no list."""
    return (
        [each for each in value[:most] if isinstance(each, dict)] if isinstance(value, list) else []
    )


def words_of(path: str) -> str:
    """By which words a file is searched whose title a server may have taken from its name."""
    name = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    stem = name.rpartition(".")[0] or name
    found = _YEAR_OR_MORE.search(stem)
    title = stem[: found.start()] if found and found.start() > 1 else stem
    return " ".join(re.sub(r"[._]+", " ", title).split())[:60].strip(" -") or stem[:60]
