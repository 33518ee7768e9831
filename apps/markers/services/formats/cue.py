"""What every format of markers holds, and what no file of any of them may ask of us."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core.errors import MediaHubError

MOST_BYTES = 2_000_000
MOST_CUES = 10_000
LONGEST_MS = 10_000_000_000
LONGEST_TITLE = 300
LONGEST_TAG = 200
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class MarkersRefused(MediaHubError):
    """A file of markers can't be read; the text names the line and what was expected there."""

    code = "markers_refused"


@dataclass(frozen=True, slots=True)
class Cue:
    """A marker outside of any catalogue: a point or, with an end, a range, in milliseconds.

    ``tag`` is a tag's name. Texts hold no control characters but tabs and line feeds.
    """

    start_ms: int
    end_ms: int | None = None
    title: str = ""
    tag: str = ""
    color: str = ""


def plain(text: str) -> str:
    """Text as a Cue holds it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def checked(cue: Cue, *, place: str) -> Cue:
    """The same cue with plain texts, if it can be a marker. Raises MarkersRefused."""
    title, tag = plain(cue.title), plain(cue.tag)
    if not 0 <= cue.start_ms <= LONGEST_MS or (cue.end_ms or 0) > LONGEST_MS:
        raise MarkersRefused(f"{place}: expected a time from 0 to {LONGEST_MS // 1_000:,} seconds.")
    if cue.end_ms is not None and cue.end_ms <= cue.start_ms:
        raise MarkersRefused(f"{place}: expected an end after the start.")
    if len(title) > LONGEST_TITLE:
        raise MarkersRefused(f"{place}: expected a title of at most {LONGEST_TITLE} characters.")
    if len(tag) > LONGEST_TAG:
        raise MarkersRefused(f"{place}: expected a tag of at most {LONGEST_TAG} characters.")
    if cue.color and not _COLOR.fullmatch(cue.color):
        raise MarkersRefused(f"{place}: expected a colour such as #ff8800.")
    return Cue(cue.start_ms, cue.end_ms, title, tag, cue.color)


def in_order(cues: Iterable[Cue]) -> list[Cue]:
    """By start, the longer one first where two start together."""
    return sorted(cues, key=lambda cue: (cue.start_ms, -(cue.end_ms or 0), cue.title))


def ends_of(cues: Sequence[Cue], *, duration_ms: int | None) -> list[int]:
    """Where each of some cues in order ends, for formats that know ranges only.

    A point lasts to the next start, the last one to the end of the video, or for a second.
    """
    ends: list[int] = []
    following = duration_ms or 0
    for cue in reversed(cues):
        if ends and following == cue.start_ms:  # several start here: all end where the last does
            until = max(ends[-1], cue.start_ms + 1)
        else:
            until = following if following > cue.start_ms else cue.start_ms + 1_000
        ends.append(cue.end_ms if cue.end_ms is not None else until)
        following = cue.start_ms
    return ends[::-1]


def lines_of(content: bytes, *, place: str = "Line 1") -> list[str]:
    """The lines of a text file, however they end. Raises MarkersRefused."""
    if len(content) > MOST_BYTES:
        raise MarkersRefused(f"The file is larger than {MOST_BYTES:,} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise MarkersRefused(f"Line {line}: expected text in UTF-8.") from error
    if "\0" in text:
        raise MarkersRefused(f"{place}: expected text without NUL characters.")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def few_enough(cues: list[Cue]) -> list[Cue]:
    """Raises MarkersRefused."""
    if len(cues) > MOST_CUES:
        raise MarkersRefused(f"The file holds more than {MOST_CUES:,} markers.")
    return cues
