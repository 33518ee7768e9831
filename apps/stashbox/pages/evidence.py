"""Why a candidate has its score, in words that need no knowledge of fingerprints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MOST = 20
_MOST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Reason:
    """``points`` with its sign, empty of what only explains; ``tone`` as of states."""

    text: str
    points: str
    tone: str


def reasons_of(evidence: Mapping[str, Any]) -> list[Reason]:
    """What ``matching.judge`` wrote down; of older or foreign evidence what of it can be read."""
    told = evidence.get("reasons")
    rows = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return [_reason(one) for one in rows[:_MOST]]


def _reason(row: Mapping[str, Any]) -> Reason:
    points = row.get("points")
    number = points if isinstance(points, int) else 0
    return Reason(
        text=str(row.get("text") or "")[:_MOST_TEXT],
        points=f"{number:+d}" if number else "",
        tone="good" if number > 0 else "bad" if number < 0 else "quiet",
    )
