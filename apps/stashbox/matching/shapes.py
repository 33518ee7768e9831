"""What is known of a video, and what was found out about a candidate."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LocalPrint:
    """A fingerprint of one of a video's files: ``hash`` is lower-case hex, of phash 16 digits."""

    algorithm: str  # MD5, OSHASH, PHASH
    hash: str
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What candidates are compared with; ``text`` holds the title and the paths of all files."""

    prints: tuple[LocalPrint, ...] = ()
    duration_ms: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well a scene fits.

    ``evidence`` is JSON: ``prints``, ``duration``, ``words`` and ``reasons``, whose points add up
    to ``score``. One with ``doubts`` is never applied unasked, whatever the thresholds are; its
    score is kept low, and ``uncapped`` is what it would be.
    """

    scene_id: str
    score: int
    evidence: dict[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    uncapped: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence for people, and what it adds to the score or takes away."""

    text: str
    points: int
    is_doubt: bool = False
