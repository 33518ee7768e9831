"""Makes the text of a WebVTT cue from ASS, into which FFmpeg turns subtitles of every kind."""

import re
from collections.abc import Iterator

from apps.ffmpeg import untrusted
from apps.ffmpeg.texts.webvtt import escape, tidy

_FIELDS = 8  # before the text: ReadOrder, Layer, Style, Name, three margins, Effect
_PART = re.compile(r"\{([^{}]*)\}|\\([Nnh\\{}])")
_OVERRIDE = re.compile(r"\\(?:([biu])(\d+)|(p)(\d+)|(r)[^\\]*)")
_ESCAPED = {"N": "\n", "n": "\n", "h": "\N{NO-BREAK SPACE}"}
_JOINER = "\N{WORD JOINER}"  # FFmpeg writes it behind a backslash that isn't one of ASS's
_LONGEST = 40_000  # characters; drawings are longer, and shown by nobody


def cue_text(dialogue: str, *, has_comments: bool) -> str:
    """The text of a dialogue line with bold, italic and underlined parts, and no other style.

    ``has_comments``: braces without a command are a comment, as in ASS; elsewhere they are text.
    """
    text = untrusted.text(dialogue.split(",", _FIELDS)[-1], _LONGEST)
    printed, gap, style = "", "", ""
    for part, wanted in _parts(text.replace("\\" + _JOINER, "\\\\"), has_comments=has_comments):
        shown = part.strip()
        before, _, after = part.partition(shown) if shown else (part, "", "")
        gap += before
        if shown:
            closed, opened = _switch(style, wanted)
            printed += closed + gap + opened + escape(shown)
            gap, style = after, wanted
    return tidy(printed + _switch(style, "")[0])


def _parts(text: str, *, has_comments: bool) -> Iterator[tuple[str, str]]:
    """Pieces of what is shown, each with the letters of its tags, outermost first."""
    style, drawing, at = "", False, 0
    for found in _PART.finditer(text):
        if not drawing:
            yield text[at : found.start()], style
        at = found.end()
        if found[1] is None:
            shown = _ESCAPED.get(found[2], found[2])
        elif "\\" in found[1]:
            style, drawing = _override(found[1], style, drawing=drawing)
            continue
        else:
            shown = "" if has_comments else found[0]
        if not drawing:
            yield shown, style
    if not drawing:
        yield text[at:], style


def _override(commands: str, style: str, *, drawing: bool) -> tuple[str, bool]:
    for tag, value, draw, scale, reset in _OVERRIDE.findall(commands):
        if tag:
            style = style.replace(tag, "") + (tag if int(value[:4]) else "")
        elif draw:
            drawing = bool(scale.strip("0"))
        elif reset:
            style = ""
    return style, drawing


def _switch(style: str, wanted: str) -> tuple[str, str]:
    """Tags to close and tags to open, so that each is closed within its outer one."""
    pairs = enumerate(zip(style, wanted, strict=False))
    same = next((n for n, (a, b) in pairs if a != b), min(len(style), len(wanted)))
    closed = "".join(f"</{tag}>" for tag in reversed(style[same:]))
    return closed, "".join(f"<{tag}>" for tag in wanted[same:])
