"""An order of several keys, and the orders that one step makes of it. Plain Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order, and the orders that its buttons make; empty where there is none."""

    name: str
    label: str
    descending: bool
    turned: str
    removed: str
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that could be added, and the order with it."""

    name: str
    label: str
    added: str
    alone: str


def sort_keys(ordering: str, labels: Mapping[str, str]) -> list[SortKey]:
    """The keys of an order such as ``-rating,duration``."""
    words = _words(ordering)
    return [_key(words, place, labels) for place in range(len(words))]


def new_keys(ordering: str, labels: Mapping[str, str]) -> list[NewKey]:
    """The keys that an order lacks. Numbers and dates begin with the largest, texts with A."""
    words = _words(ordering)
    used = {word.removeprefix("-") for word in words}
    return [
        NewKey(name, label, ",".join([*words, word]), word)
        for name, label in labels.items()
        if name not in used
        for word in [name if name == "title" else f"-{name}"]
    ]


def _words(ordering: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in ordering.split(",") if word.strip()))


def _key(words: Sequence[str], place: int, labels: Mapping[str, str]) -> SortKey:
    word = words[place]
    name, descending = word.removeprefix("-"), word.startswith("-")
    turned = name if descending else f"-{name}"
    rest = [one for one in words if one != word]
    return SortKey(
        name=name,
        label=labels.get(name, name),
        descending=descending,
        turned=",".join(turned if one == word else one for one in words),
        removed=",".join(rest),
        earlier=_moved(words, place, place - 1) if place else "",
        later=_moved(words, place, place + 1) if place + 1 < len(words) else "",
    )


def _moved(words: Sequence[str], place: int, to: int) -> str:
    moved = list(words)
    moved[place], moved[to] = moved[to], moved[place]
    return ",".join(moved)
