"""What becomes of a video's candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.stashbox.choices import MatchState
from apps.stashbox.matching.shapes import Judgement


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which on a candidate is applied unasked, or is reviewed; and by how much one
    that is applied must lead the next."""

    apply_from: int = 90
    review_from: int = 40
    lead: int = 10


def decide(judgements: Sequence[Judgement], thresholds: Thresholds) -> list[MatchState | None]:
    """What becomes of each: at most one is applied, None is for what isn't worth keeping.

    Those beside one that is applied are passed over. Two of the same score are never told apart,
    even with a lead of 0.
    """
    chosen = _certain(judgements, thresholds)
    states: list[MatchState | None] = []
    for number, judgement in enumerate(judgements):
        if number == chosen:
            states.append(MatchState.APPLIED)
        elif judgement.score < thresholds.review_from:
            states.append(None)
        else:
            states.append(MatchState.REVIEW if chosen is None else MatchState.PASSED)
    return states


def _certain(judgements: Sequence[Judgement], thresholds: Thresholds) -> int | None:
    """The place of the one that may be applied, if there is one."""
    sure = [
        number for number, judgement in enumerate(judgements)
        if judgement.score >= thresholds.apply_from and not judgement.doubts
    ]  # fmt: skip
    if not sure:
        return None
    best = max(sure, key=lambda number: judgements[number].score)
    others = [each.uncapped for number, each in enumerate(judgements) if number != best]
    ahead = judgements[best].score - max(others, default=-1)
    return best if not others or ahead >= max(1, thresholds.lead) else None
