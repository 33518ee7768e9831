"""A container's chapters as cues."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from apps.ffmpeg import untrusted
from apps.ffmpeg.texts.webvtt import Cue, escape, tidy

_MOST = 1_000
_LONGEST_MS = 10_000_000_000
_LAST_MS = 1_000  # a last chapter whose end nobody knows


def chapter_cues(
    chapters: Iterable[Mapping[str, Any]], *, start_ms: int, length_ms: int
) -> list[Cue]:
    """Cues one after the other, from PyAV's chapters, for a file that begins at ``start_ms``.

    A chapter ends where the next begins, whatever it says itself; of several that begin together
    the first counts. ``length_ms`` is 0 where it isn't known.
    """
    found: dict[int, tuple[int, str]] = {}
    for one in chapters:
        begin, end = (_ms(one, name, start_ms) for name in ("start", "end"))
        if begin is not None and (not length_ms or begin < length_ms):
            found.setdefault(begin, (end or 0, _title(one)))
    begins = sorted(found)[:_MOST]
    if not begins:
        return []
    last = begins[-1]
    own_end = found[last][0]
    end = min(own_end, length_ms) if own_end > last and length_ms else max(own_end, length_ms)
    ends = [*(following for _, following in pairwise(begins)), max(end, last + _LAST_MS)]
    return [
        Cue(begin, end, found[begin][1] or f"Chapter {number}")
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True), 1)
    ]


def _ms(chapter: Mapping[str, Any], name: str, start_ms: int) -> int | None:
    unit = chapter.get("time_base")
    count = chapter.get(name)
    if not unit or not isinstance(count, int):
        return None
    found = round(count * unit * 1000) - start_ms
    # what began before the file is there from its start on
    return max(found, 0) if -_LONGEST_MS < found < _LONGEST_MS else None


def _title(chapter: Mapping[str, Any]) -> str:
    tags = untrusted.mapping(chapter.get("metadata"))
    return escape(tidy(untrusted.text(tags.get("title"), 300)).replace("\n", " "))
