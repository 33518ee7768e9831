"""Measuring by turns: A B C A B C, so that a machine that others use, too, treats all alike."""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn took: seconds on the clock, and of processors (with ended children)."""

    wall_s: float
    cpu_s: float
    answer: Any = None


def timed(work: Callable[[], Any]) -> Turn:
    """Do it once."""
    cpu, wall = _cpu_s(), time.perf_counter()
    answer = work()
    return Turn(time.perf_counter() - wall, _cpu_s() - cpu, answer)


def by_turns(count: int, works: Mapping[str, Callable[[], Any]]) -> dict[str, list[Turn]]:
    """Do each ``count`` times, one after the other."""
    turns: dict[str, list[Turn]] = {name: [] for name in works}
    for _ in range(count):
        for name, work in works.items():
            turns[name].append(timed(work))
    return turns


def paired_ratio(above: list[float], below: list[float]) -> tuple[float, list[float]]:
    """The median of the ratios turn by turn, and these."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    return median(ratios), ratios


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
