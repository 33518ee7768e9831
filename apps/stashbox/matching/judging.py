"""The score of one candidate, and the evidence for it."""

from collections.abc import Iterable
from typing import Any

from apps.stashbox.matching.lengths import is_close, is_equal, lengths_of
from apps.stashbox.matching.prints import NEAR_BITS, Pair, pairs_of
from apps.stashbox.matching.shapes import Judgement, Reason, VideoFacts
from apps.stashbox.matching.words import Word, words_of
from apps.stashbox.schema import RemoteScene

# Of fingerprints: 80 for the same file, 79 to 77 for nearly the same picture, 10 for the duration,
# 3 each for confirmation and for both kinds, 4 for words: 100. So the usual threshold of 90 wants
# the same file and duration; or the picture and duration, and either confirmation or words.
_BOTH = 3
_WORDS = {"title": 2, "studio": 1, "date": 1, "performer": 1}
_MOST_WORDS = 4
# without any fingerprint
_ALONE = {"title": 35, "studio": 10, "date": 20, "performer": 10}
_PART_ALONE = 20
_MOST_CAST = 2
_AS_LONG, _NOT_AS_LONG = 15, -20

_DOUBTED = 85  # the most of what is never applied unasked
_MOST = 100
_SHOWN = 20
_WHAT = {
    "title": "The title", "studio": "The studio", "date": "The date", "performer": "A performer",
}  # fmt: skip


def judge(facts: VideoFacts, scene: RemoteScene) -> Judgement:
    """How well the scene fits the video. The order of fingerprints and names is of no account."""
    pairs = pairs_of(facts, scene)
    words = words_of(facts.text, scene)
    ways = [_by_prints(pairs, words)] if pairs else []
    ways.append(_by_words(facts, scene, words, beside=bool(pairs)))
    reasons = max(ways, key=_score)  # of equal ones the first
    score = _score(reasons)
    doubts = tuple(reason.text for reason in reasons if reason.is_doubt)
    uncapped = max(0, *(sum(reason.points for reason in way) for way in ways))
    evidence = {
        "prints": [_shown(pair) for pair in pairs[:_SHOWN]],
        "duration": lengths_of(facts, scene),
        "words": [{"what": word.what, "text": word.text} for word in words[:_SHOWN]],
        "reasons": _told(reasons, score),
    }
    return Judgement(scene.id, score, evidence, doubts, uncapped)


def _by_prints(pairs: list[Pair], words: list[Word]) -> list[Reason]:
    """The best fingerprint counts; that one of the others was refuted puts all in doubt."""
    further = _further(pairs, words)
    bonus = sum(reason.points for reason in further)
    best = max(pairs, key=lambda pair: _capped(pair.points + bonus, doubted=pair.is_doubted))
    reasons = [*best.reasons, *further]
    if not best.is_refuted and any(pair.is_refuted for pair in pairs):
        said = "Another fingerprint of it was reported as wrong."
        reasons.append(Reason(said, 0, is_doubt=True))
    return reasons


def _further(pairs: list[Pair], words: list[Word]) -> list[Reason]:
    """What supports fingerprints, whichever is the best."""
    reasons = []
    if {pair.is_file for pair in pairs if pair.distance <= NEAR_BITS} == {True, False}:
        reasons.append(Reason("Both the file and its picture say so.", _BOTH))
    left = _MOST_WORDS
    for word in words:
        points = min(left, _WORDS[word.what])
        left -= points
        if points:
            reasons.append(_found(word, points))
    return reasons


def _by_words(
    facts: VideoFacts, scene: RemoteScene, words: list[Word], *, beside: bool
) -> list[Reason]:
    """``beside``: there are fingerprints that are near, but too far away."""
    said = "Its words say more than its fingerprints." if beside else "Only words say so."
    reasons = [Reason(said, 0, is_doubt=True)]
    cast = [word for word in words if word.what == "performer"][:_MOST_CAST]
    some = [*(word for word in words if word.what != "performer"), *cast]
    reasons += [_found(word, _ALONE[word.what] if word.is_whole else _PART_ALONE) for word in some]
    remote_ms = 1_000 * scene.duration_s if scene.duration_s else None
    if not facts.duration_ms or not remote_ms:
        return reasons
    if is_equal(facts.duration_ms, remote_ms):
        reasons.append(Reason("It is as long.", _AS_LONG))
    elif not is_close(facts.duration_ms, remote_ms):
        reasons.append(Reason("It is longer or shorter.", _NOT_AS_LONG))
    return reasons


def _score(reasons: list[Reason]) -> int:
    points = max(0, sum(reason.points for reason in reasons))
    return _capped(points, doubted=any(reason.is_doubt for reason in reasons))


def _capped(points: int, *, doubted: bool) -> int:
    return min(points, _DOUBTED if doubted else _MOST)


def _found(word: Word, points: int) -> Reason:
    stands = "stands" if word.is_whole else "stands in part"
    return Reason(f"{_WHAT[word.what]} {stands} in the title or path: {word.text}.", points)


def _told(reasons: Iterable[Reason], score: int) -> list[dict[str, Any]]:
    """The reasons, whose points add up to the score: what is cut off is one, too."""
    told = [{"text": reason.text, "points": reason.points} for reason in reasons]
    off = score - sum(reason["points"] for reason in told)  # type: ignore[misc]
    if off < 0:
        text = f"As there are doubts, it counts {_DOUBTED} at most."
        told.append({"text": text, "points": off})
    elif off > 0:
        told.append({"text": "No score is below 0.", "points": off})
    return told


def _shown(pair: Pair) -> dict[str, Any]:
    difference = pair.difference_ms
    return {
        "algorithm": pair.local.algorithm,
        "local": pair.local.hash,
        "remote": pair.remote.hash,
        "distance": pair.distance,
        "duration_difference_s": None if difference is None else difference / 1_000,
        "submissions": pair.remote.submissions,
        "reports": pair.remote.reports,
    }
