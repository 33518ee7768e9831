"""What two durations say about two videos."""

from typing import Any

from apps.stashbox.matching.shapes import Reason, VideoFacts
from apps.stashbox.schema import RemoteScene

_EXACT_MS = 1_000  # boxes keep whole seconds
_SHARE = 100  # of pictures that are alike: one part in so many
_CLOSE_MS = 5_000
_EQUAL, _UNKNOWN, _CLOSE, _APART = 10, -10, -15, -30


def difference_ms(one_ms: int | None, other_ms: int | None) -> int | None:
    """How far apart two durations are; None if one isn't known."""
    return abs(one_ms - other_ms) if one_ms and other_ms else None


def is_equal(one_ms: int | None, other_ms: int | None, *, exact: bool = False) -> bool:
    """Within a second; of what isn't ``exact`` also within a hundredth of the longer."""
    difference = difference_ms(one_ms, other_ms)
    if difference is None:
        return False
    most = 0 if exact else max(one_ms or 0, other_ms or 0) // _SHARE
    return difference <= max(_EXACT_MS, most)


def is_close(one_ms: int | None, other_ms: int | None) -> bool:
    """Within five seconds."""
    difference = difference_ms(one_ms, other_ms)
    return difference is not None and difference <= _CLOSE_MS


def length_reason(one_ms: int | None, other_ms: int | None, *, exact: bool) -> Reason:
    """What the durations add to a fingerprint that fits."""
    difference = difference_ms(one_ms, other_ms)
    if difference is None:
        return Reason("How long it is isn't known on both sides.", _UNKNOWN, is_doubt=True)
    if is_equal(one_ms, other_ms, exact=exact):
        return Reason(f"It is as long, to {difference / 1_000:.1f} s.", _EQUAL)
    if is_close(one_ms, other_ms):
        return Reason(f"It is {difference / 1_000:.1f} s longer or shorter.", _CLOSE)
    said = f"It is {difference / 1_000:,.1f} s longer or shorter: another version, maybe."
    return Reason(said, _APART, is_doubt=True)


def lengths_of(facts: VideoFacts, scene: RemoteScene) -> dict[str, Any]:
    """Evidence: both durations in seconds, and how many of those that the box has agree."""
    known = [print_.duration_s for print_ in scene.fingerprints if print_.duration_s]
    agree = sum(is_close(facts.duration_ms, 1_000 * seconds) for seconds in known)
    remote_ms = 1_000 * scene.duration_s if scene.duration_s else None
    difference = difference_ms(facts.duration_ms, remote_ms)
    return {
        "local_s": None if facts.duration_ms is None else facts.duration_ms / 1_000,
        "remote_s": scene.duration_s,
        "difference_s": None if difference is None else difference / 1_000,
        "agree": agree,
        "of": len(known),
    }
