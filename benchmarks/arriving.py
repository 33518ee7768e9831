"""Files that arrive as in life: at once, in pieces, by other names, into new folders."""

import heapq
import io
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

# Pauses between pieces stay below the settle time of 3 s, also on a machine that is busy.
_PAUSES_S = (0.1, 2.2)
_LONG_AGO = 1_600_000_000.0

Step = Callable[[], None]


@dataclass(slots=True)
class Arrival:
    """One file. ``done_at`` is the time of its last write or rename, ``paused_s`` the longest time
    that it really stood still before, which a busy machine may have drawn out.
    """

    kind: str
    path: Path
    content: bytes
    done_at: float = 0.0
    paused_s: float = 0.0
    former: list[Path] = field(default_factory=list)

    def steps(self, dice: random.Random) -> Iterator[tuple[float, Step]]:
        """What happens, each with the seconds to wait before it."""
        yield from _KINDS[self.kind](self, dice)


def _at_once(one: Arrival, _dice: random.Random) -> Iterator[tuple[float, Step]]:
    yield 0, lambda: _whole(one.path, one.content)


def _copied(one: Arrival, _dice: random.Random) -> Iterator[tuple[float, Step]]:
    """With the times of its original, as rsync and cp -p do."""

    def copy() -> None:
        _whole(one.path, one.content)
        os.utime(one.path, (_LONG_AGO, _LONG_AGO))

    yield 0, copy


def _by_another_name(one: Arrival, _dice: random.Random) -> Iterator[tuple[float, Step]]:
    part = one.path.with_name(f".{one.path.name}.part")
    yield 0, lambda: _whole(part, one.content)
    yield 0.05, lambda: _rename(part, one.path)


def _in_pieces(one: Arrival, dice: random.Random) -> Iterator[tuple[float, Step]]:
    """Opened anew for each piece."""
    for piece in _pieces(one.content, dice):
        yield dice.uniform(*_PAUSES_S), lambda piece=piece: _append(one.path, piece)  # type: ignore[misc]


def _held_open(one: Arrival, dice: random.Random) -> Iterator[tuple[float, Step]]:
    opened: list[io.FileIO] = []
    yield 0, lambda: opened.append(_opened(one.path))
    for piece in _pieces(one.content, dice):
        yield dice.uniform(*_PAUSES_S), lambda piece=piece: opened[0].write(piece)  # type: ignore[misc]
    yield 0, opened[0].close


def _renamed_meanwhile(one: Arrival, dice: random.Random) -> Iterator[tuple[float, Step]]:
    before = one.path.with_name(f"before {one.path.name}")
    one.former.append(before)
    first, *rest = _pieces(one.content, dice)
    shortly = _PAUSES_S[1] / 2  # its bytes stand still before the renaming and after it
    yield 0, lambda: _append(before, first)
    yield dice.uniform(0, shortly), lambda: _rename(before, one.path)
    for piece in rest:
        yield dice.uniform(0, shortly), lambda piece=piece: _append(one.path, piece)  # type: ignore[misc]


def _slowly_by_another_name(one: Arrival, dice: random.Random) -> Iterator[tuple[float, Step]]:
    part = one.path.with_name(f"{one.path.name}.part")
    for piece in _pieces(one.content, dice):
        yield dice.uniform(*_PAUSES_S), lambda piece=piece: _append(part, piece)  # type: ignore[misc]
    yield 0.05, lambda: _rename(part, one.path)


_KINDS = {
    "at once": _at_once,
    "copied with its times": _copied,
    "by another name": _by_another_name,
    "in pieces": _in_pieces,
    "in pieces, held open": _held_open,
    "in pieces, renamed meanwhile": _renamed_meanwhile,
    "in pieces, by another name": _slowly_by_another_name,
}
KINDS = tuple(_KINDS)


def arrive(arrivals: list[Arrival], *, over_s: float, seed: int = 3) -> None:
    """Let all files arrive; they begin evenly over so many seconds."""
    dice = random.Random(seed)
    queue: list[tuple[float, int, Arrival, Iterator[tuple[float, Step]], Step]] = []
    numbers = iter(range(1_000_000))
    began = time.monotonic()

    def plan(after: float, one: Arrival, steps: Iterator[tuple[float, Step]]) -> None:
        for wait_s, step in steps:
            heapq.heappush(queue, (after + wait_s, next(numbers), one, steps, step))
            return

    starts = [(number * over_s / len(arrivals), one) for number, one in enumerate(arrivals)]
    for at, one in starts:
        plan(began + at, one, one.steps(dice))
    while queue:
        due, _, one, steps, step = heapq.heappop(queue)
        time.sleep(max(0.0, due - time.monotonic()))
        step()
        now = time.time()
        one.paused_s = max(one.paused_s, now - one.done_at if one.done_at else 0.0)
        one.done_at = now
        plan(time.monotonic(), one, steps)


def _whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _opened(path: Path) -> io.FileIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return io.FileIO(path, "w")


def _append(path: Path, piece: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(piece)


def _rename(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    old.rename(new)


def _pieces(content: bytes, dice: random.Random) -> list[bytes]:
    cuts = sorted({0, len(content), *(dice.randrange(1, len(content)) for _ in range(4))})
    return [content[a:b] for a, b in pairwise(cuts)]
