"""How well a scene fits a video: a score from 0 to 100 that says what it is made of.

Plain sums, without a database. ``judge`` looks at one candidate, ``decide`` at all of a video's.
"""

from apps.stashbox.matching.deciding import Thresholds, decide
from apps.stashbox.matching.judging import judge
from apps.stashbox.matching.shapes import Judgement, LocalPrint, VideoFacts

__all__ = ["Judgement", "LocalPrint", "Thresholds", "VideoFacts", "decide", "judge"]
