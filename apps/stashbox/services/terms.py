"""The words by which boxes are searched for a video."""

import re

from apps.stashbox.matching import VideoFacts

_MOST = 100
_LEAST = 3
_ENDING = re.compile(r"\.[A-Za-z0-9]{2,4}$")
_BLANKS = re.compile(r"[\W_]+")
# how a file was made says nothing of the scene
_NOISE = re.compile(
    r"(?:\d{3,4}[pi]|[248]k|x26[45]|h26[45]|hevc|av1|xvid|divx|avc|aac|mp[34]|mkv|wmv|avi|webm"
    r"|web|dl|webdl|webrip|hdrip|dvdrip|bluray|sd|hd|fhd|uhd|\d{2,3}fps|vr180|hdr10?|rip|full)",
    re.IGNORECASE,
)


def term_of(facts: VideoFacts) -> str:
    """The title's words without what files are named for; "" if nothing is left to search."""
    title = _ENDING.sub("", facts.text.partition("\n")[0])
    words = [word for word in _BLANKS.split(title) if word and not _NOISE.fullmatch(word)]
    term = " ".join(words)[:_MOST].strip()
    return term if len(term) >= _LEAST else ""
