"""Names of codec profiles, and which a decoder of another plays too."""

import re
from collections.abc import Mapping

_SIGNS = re.compile(r"[^a-z0-9]")

RANKS: Mapping[str, Mapping[str, int]] = {
    "h264": {
        "constrainedbaseline": 0, "baseline": 0, "main": 1, "constrainedhigh": 2,
        "progressivehigh": 2, "high": 2, "high10": 3, "high10intra": 3, "high422": 4,
        "high422intra": 4, "high444": 5, "high444predictive": 5, "high444intra": 5,
    },
    "hevc": {"mainstillpicture": 0, "main": 0, "main10": 1, "main12": 2, "main42210": 2, "rext": 2},
    "av1": {"main": 0, "high": 1, "professional": 2},
    "vp9": {"profile0": 0, "0": 0, "profile1": 1, "1": 1, "profile2": 1, "2": 1, "profile3": 2,
            "3": 2},
}  # fmt: skip
"""Who plays one plays all that rank lower. ffprobe calls all of HEVC above Main 10 ``Rext``: it is
for the pixel format to tell those apart.
"""

MADE: Mapping[str, tuple[str, ...]] = {
    "h264": ("baseline", "main", "high", "high10", "high422", "high444"),
    "hevc": ("main", "main10", "main12"),
    "av1": ("main",),
    "vp9": ("0", "1", "2", "3"),
}
"""Those that encoders can be asked for by these names; others follow from the pixel format."""

DEPTH: Mapping[str, Mapping[str, int]] = {
    "h264": {"high10": 10, "high10intra": 10, "high422": 10, "high444": 10},
    "hevc": {"main10": 10, "main12": 12, "main42210": 10, "rext": 16},
    "av1": {"main": 10, "high": 10, "professional": 12},
    "vp9": {"profile2": 12, "2": 12, "profile3": 12, "3": 12},
}
"""Bits of a component that a profile reaches; 8 where none stand here."""

_CHROMA: Mapping[str, Mapping[str, int]] = {
    "h264": {"high422": 422, "high422intra": 422, "high444": 444, "high444predictive": 444},
    "hevc": {"main42210": 422, "rext": 444},
    "av1": {"high": 444, "professional": 444},
    "vp9": {"profile1": 444, "1": 444, "profile3": 444, "3": 444},
}


def plain(profile: str) -> str:
    """``High 4:2:2`` as ``high422``: people, encoders and ffprobe write differently."""
    return _SIGNS.sub("", profile.lower())


def is_made(codec: str, profile: str) -> bool:
    return plain(profile) in MADE.get(codec, ())


def plays(codec: str, *, wanted: str, found: str) -> bool:
    """Whether a decoder of the wanted profile plays the found one; True if it isn't known."""
    ranks = RANKS.get(codec, {})
    one, other = ranks.get(plain(wanted)), ranks.get(plain(found))
    if other is None:
        return not found
    return one is not None and other <= one


def most_depth(codec: str, profile: str) -> int:
    return DEPTH.get(codec, {}).get(plain(profile), 8)


def most_chroma(codec: str, profile: str) -> int:
    return _CHROMA.get(codec, {}).get(plain(profile), 420)
