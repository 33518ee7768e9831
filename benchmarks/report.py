"""Results of a benchmark: a table for people and JSON for programs."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import place
from benchmarks.machine import machine, versions


@dataclass(frozen=True, slots=True)
class Result:
    """One measured value.

    ``bar`` says what it should be ("≤ 1.5") and ``met`` whether it is; ``turns`` are the values
    that it is the median of. A ``check`` is a matter of right or wrong, not of speed.
    """

    what: str
    value: float | str
    unit: str = ""
    bar: str = ""
    met: bool | None = None
    turns: Sequence[float] = ()
    note: str = ""
    check: bool = False


@dataclass(slots=True)
class Report:
    """Collects results. ``is_sound`` turns false with the first check that fails."""

    name: str
    results: list[Result] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    load_before: Sequence[float] = field(default_factory=os.getloadavg)
    is_sound: bool = True

    def add(
        self,
        what: str,
        value: float,
        unit: str = "",
        *,
        least: float | None = None,
        most: float | None = None,
        turns: Sequence[float] = (),
        note: str = "",
    ) -> None:
        """A value, and the bar that it should reach or stay below."""
        bar = "" if least is None else f"≥ {least:,g}"
        bar = bar if most is None else f"≤ {most:,g}"
        met = None
        if bar:
            met = (least is None or value >= least) and (most is None or value <= most)
        self._keep(Result(what, value, unit, bar, met, tuple(turns), note))

    def check(self, what: str, *, holds: bool, note: str = "") -> None:
        """Something that has to be so, however fast the machine is."""
        self.is_sound = self.is_sound and holds
        self._keep(Result(what, holds, "", "yes", holds, (), note, check=True))

    def say(self, what: str, text: str) -> None:
        """Something that isn't a number."""
        self._keep(Result(what, text))

    def _keep(self, result: Result) -> None:
        self.results.append(result)
        print(" ", _line(result), flush=True)

    def write(self) -> Path:
        """Write ``build/bench/<name>.json``."""
        path = place.BUILD / f"{self.name}.json"
        body = {
            "name": self.name,
            "began_at": self.began_at.isoformat(timespec="seconds"),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "load_average": {"before": list(self.load_before), "after": list(os.getloadavg())},
            "python": platform.python_version(),
            "bars_missed": [r.what for r in self.results if r.met is False],
            "results": [asdict(result) for result in self.results],
            "details": self.details,
        }
        path.write_text(json.dumps(body, indent=1, ensure_ascii=False, default=str) + "\n")
        return path

    def summary(self) -> str:
        """How many bars were met, and each one that wasn't."""
        missed = [result for result in self.results if result.met is False]
        barred = sum(result.met is not None for result in self.results)
        lines = [f"{self.name}: {barred - len(missed)} of {barred} bars met"]
        return "\n".join([*lines, *(f"  {_line(result)}" for result in missed)])


def _line(result: Result) -> str:
    mark = {None: "  ", True: "ok", False: "!!"}[result.met]
    shown = f"{_shown(result.value)} {result.unit}".strip()
    bar = f"(bar {result.bar})" if result.bar and not result.check else ""
    return f"{mark} {result.what:<66} {shown:>16} {bar} {result.note}".rstrip()


def _shown(value: float | str | bool) -> str:
    match value:
        case bool():
            return "yes" if value else "NO"
        case str():
            return value
        case int():
            return f"{value:,}"
        case _:
            return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.3g}"
