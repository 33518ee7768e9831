"""The shapes of the board's chart: SVG that stretches, with its words beside it in HTML.

Plain sums, in a box of 1000 by 100; text inside an SVG that is stretched would be stretched, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.utils import timezone

from apps.jobs.services.statistics import Point

WIDTH, HEIGHT = 1000.0, 100.0
_GAP = 0.18
_FINISHED = ("failed", "cancelled", "succeeded")


@dataclass(frozen=True, slots=True)
class Bar:
    """Part of a column. ``kind`` names its colour."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """All of one step: where the pointer has to be to read ``told``."""

    x: float
    width: float
    told: str


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch without gaps: its points, and those of the area below it."""

    top: str
    area: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What ended, as bars; below it what waited and ran, as an area and a line."""

    bars: list[Bar]
    columns: list[Column]
    most_ended: int
    waiting: list[Line]
    running: list[Line]
    most_queued: int
    ticks: list[str]
    told: str


def draw(points: Sequence[Point], *, hours: int) -> Chart:
    """Draw points that are equally far apart, the oldest first."""
    width = WIDTH / max(len(points), 1)
    step = points[1].at - points[0].at if len(points) > 1 else timedelta(minutes=1)
    most_ended = _round_up(max((_ended(one) for one in points), default=0))
    depths = [depth for one in points for depth in (one.waiting, one.running) if depth]
    most_queued = _round_up(max(depths, default=0))
    return Chart(
        bars=[
            bar
            for number, one in enumerate(points)
            for bar in _stack(one, x=number * width, width=width, most=most_ended)
        ],
        columns=[
            Column(round(number * width, 1), round(width, 1), _tell(one, hours=hours, step=step))
            for number, one in enumerate(points)
        ],
        most_ended=most_ended,
        waiting=_lines([one.waiting for one in points], width=width, most=most_queued),
        running=_lines([one.running for one in points], width=width, most=most_queued),
        most_queued=most_queued,
        ticks=_ticks(points, hours=hours),
        told=_sum_up(points, hours=hours),
    )


def say_hours(hours: int) -> str:
    return {1: "hour", 24: "24 hours"}.get(hours, f"{hours // 24} days")


def _stack(one: Point, *, x: float, width: float, most: int) -> list[Bar]:
    """Trouble stands at the bottom, where it is seen however small it is."""
    bars, top = [], HEIGHT
    for kind in _FINISHED:
        number = getattr(one, kind)
        if number:
            height = max(HEIGHT * number / most, 1.5)
            top -= height
            left, inner = x + width * _GAP / 2, width * (1 - _GAP)
            bars.append(Bar(kind, *(round(n, 1) for n in (left, max(top, 0), inner, height))))
    return bars


def _lines(values: Sequence[float | None], *, width: float, most: int) -> list[Line]:
    """A line for each stretch that was measured, through the columns from edge to edge."""
    lines, begin = [], 0
    for measured, stretch in groupby(values, key=lambda value: value is not None):
        heights = [round(HEIGHT - (HEIGHT - 2) * (value or 0) / most, 1) for value in stretch]
        end = begin + len(heights)
        if measured:
            inner = [f"{(begin + n + 0.5) * width:.1f},{y}" for n, y in enumerate(heights)]
            left, right = f"{begin * width:.1f}", f"{end * width:.1f}"
            top = " ".join([f"{left},{heights[0]}", *inner, f"{right},{heights[-1]}"])
            lines.append(Line(top, f"{left},{HEIGHT:.0f} {top} {right},{HEIGHT:.0f}"))
        begin = end
    return lines


def _ticks(points: Sequence[Point], *, hours: int) -> list[str]:
    """The times at the left edge, between, and now."""
    if not points:
        return []
    chosen = [points[len(points) * part // 4] for part in range(4)]
    return [*(_say_time(one.at, hours=hours) for one in chosen), "now"]


def _tell(one: Point, *, hours: int, step: timedelta) -> str:
    until = timezone.localtime(one.at + step)
    parts = [f"{getattr(one, kind):,} {kind}" for kind in reversed(_FINISHED) if getattr(one, kind)]
    told = f"{_say_time(one.at, hours=hours)} to {until:%H:%M}: {', '.join(parts) or 'none ended'}"
    if one.waiting is None or one.running is None:
        return f"{told}; not measured"
    return f"{told}; {one.waiting:,.0f} waiting, {one.running:,.0f} running"


def _sum_up(points: Sequence[Point], *, hours: int) -> str:
    """The chart in words, for those who don't see it."""
    span = f"In the last {say_hours(hours)}"
    if not any(_ended(one) or one.waiting or one.running for one in points):
        return f"{span} nothing was done."
    sums = {kind: sum(getattr(one, kind) for one in points) for kind in _FINISHED}
    told = f"{span}: {sums['succeeded']:,} succeeded, {sums['failed']:,} failed"
    if sums["cancelled"]:
        told += f", {sums['cancelled']:,} cancelled"
    peak = max(points, key=lambda one: one.waiting or 0)
    if round(peak.waiting or 0) == 0:
        return f"{told}. Hardly any had to wait."
    return f"{told}. At most {peak.waiting:,.0f} waited, at {_say_time(peak.at, hours=hours)}."


def _ended(one: Point) -> int:
    return one.succeeded + one.failed + one.cancelled


def _say_time(moment: datetime, *, hours: int) -> str:
    local = timezone.localtime(moment)
    return f"{local:%a %H:%M}" if hours > 24 else f"{local:%H:%M}"


def _round_up(most: float) -> int:
    """The top of an axis: 1, 2 or 5 and noughts."""
    magnitude = 1
    while magnitude * 10 <= most:
        magnitude *= 10
    return next((n * magnitude for n in (1, 2, 5, 10) if n * magnitude >= most), 1)
