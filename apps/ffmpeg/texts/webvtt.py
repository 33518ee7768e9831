"""Prints WebVTT: https://www.w3.org/TR/webvtt1/."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

_BREAK = re.compile(r"\r\n?|\n")
_LATEST_MS = 10_000_000_000  # the 115 days that a file may last


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """Text with the tags ``<b>``, ``<i>``, ``<u>`` and escaped otherwise, shown for a time."""

    start_ms: int
    end_ms: int
    text: str


def tidy(text: str) -> str:
    """Without empty lines, which would end the cue, NUL, and spaces at the ends of lines."""
    lines = (line.strip() for line in _BREAK.split(text.replace("\0", "")))
    return "\n".join(line for line in lines if line)


def escape(text: str) -> str:
    """Plain text for a cue."""
    return html.escape(text, quote=False)


def print_webvtt(cues: Iterable[Cue]) -> bytes:
    """The file. Cues are printed in order of time; those without time or text are left out."""
    printed = [
        f"{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{cue.text}\n"
        for cue in sorted(set(cues))
        if 0 <= cue.start_ms < cue.end_ms <= _LATEST_MS and cue.text
    ]
    return "\n".join(["WEBVTT\n", *printed]).encode()


def _clock(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
