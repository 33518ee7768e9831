"""Two histograms over each other: how alike faces of one person are, and those of two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, FOOT = 640, 200, 22


@dataclass(frozen=True, slots=True)
class Column:
    x: str
    y: str
    width: str
    height: str
    said: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the SVG is made of; ``ticks`` are (x, words), ``marks`` (x, words, on
    which side, how far) of thresholds, the lowest first."""

    same: list[Column]
    different: list[Column]
    ticks: list[tuple[str, str]]
    marks: list[tuple[str, str, str, str]]
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = FOOT


def draw_bins(
    edges: Sequence[float],
    same: Sequence[int],
    different: Sequence[int],
    marks: Sequence[tuple[float, str]],
) -> Drawn:
    """Each side by its own largest bin: there are far more pairs of strangers.

    ``edges`` are one more than the bins, rising.
    """
    low, high = edges[0], edges[-1]

    def place(value: float) -> float:
        return WIDTH * (min(high, max(low, value)) - low) / ((high - low) or 1)

    def columns(counts: Sequence[int]) -> list[Column]:
        most = max(counts, default=0) or 1
        found = []
        for left, right, count in zip(edges, edges[1:], counts, strict=False):
            tall = (HEIGHT - FOOT - 8) * count / most
            if count:
                found.append(
                    Column(
                        f"{place(left):.1f}", f"{HEIGHT - FOOT - tall:.1f}",
                        f"{max(1.0, place(right) - place(left) - 1):.1f}", f"{tall:.1f}",
                        f"{left:.2f} to {right:.2f}: {count:,}",
                    )
                )  # fmt: skip
        return found

    ticks = [low + (high - low) * part / 4 for part in range(5)]
    return Drawn(
        same=columns(same),
        different=columns(different),
        ticks=[(f"{place(value):.1f}", f"{value:.2f}") for value in ticks],
        marks=[
            (f"{place(value):.1f}", words, *(("start", "4") if at else ("end", "-4")))
            for at, (value, words) in enumerate(marks)
        ],
    )


def draw(seen: Any) -> Drawn:
    """Of a preview of one's own confirmed faces."""
    return draw_bins(
        seen.edges,
        seen.same,
        seen.different,
        [(seen.suggested.threshold, "suggested"), (seen.threshold, "given")],
    )
