"""Text of any kind becomes WebVTT that a player reads as it was meant."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ffmpeg.texts.dialogue import cue_text
from apps.ffmpeg.texts.webvtt import Cue, escape, print_webvtt, tidy

_TIMING = re.compile(
    r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"
)
_TAG = re.compile(r"</?([biu])>")
_ANY = st.text(st.characters(codec="utf-8"), max_size=60)
_ASS = st.text("ab {}\\N\\hn10ipbur,<>&-\r\n\t\0", max_size=60)
_MS = st.integers(-10_000, 400_000_000)


def parse(webvtt: bytes) -> list[Cue]:
    """What a strict reader makes of a file; AssertionError if it is none.

    After https://www.w3.org/TR/webvtt1/#syntax.
    """
    text = webvtt.decode("utf-8")
    assert "\0" not in text
    assert "\r" not in text
    header, _, body = text.partition("\n")
    assert header == "WEBVTT"
    assert body == "" or body.startswith("\n")
    return [_parse_cue(block) for block in re.split(r"\n{2,}", body.strip("\n")) if block]


def _parse_cue(block: str) -> Cue:
    timing, _, text = block.partition("\n")
    found = _TIMING.fullmatch(timing)
    assert found, timing
    times = [int(part) for part in found.groups()]
    start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (times[:4], times[4:]))
    assert "-->" not in text
    open_tags: list[str] = []
    for tag in _TAG.finditer(text):
        if tag[0].startswith("</"):
            assert open_tags.pop() == tag[1]
        else:
            assert tag[1] not in open_tags
            open_tags.append(tag[1])
    assert not open_tags
    rest = _TAG.sub("", text)
    assert "<" not in rest
    assert not re.search(r"&(?!(amp|lt|gt);)", rest)
    return Cue(start, end, text)


@given(st.lists(st.tuples(_MS, _MS, _ANY), max_size=8))
@settings(deadline=None)
def test_any_text_at_any_time_parses_back(lines: list[tuple[int, int, str]]) -> None:
    cues = [Cue(start, end, tidy(escape(text))) for start, end, text in lines]

    parsed = parse(print_webvtt(cues))

    assert parsed == sorted({cue for cue in cues if 0 <= cue.start_ms < cue.end_ms and cue.text})
    assert {html.unescape(cue.text) for cue in parsed} <= {tidy(text) for *_, text in lines}


@given(_ASS | _ANY, st.booleans())
@settings(deadline=None)
def test_any_line_of_ass_is_a_cue_or_nothing(text: str, has_comments: bool) -> None:
    found = cue_text("0,0,Default,,0,0,0,," + text, has_comments=has_comments)

    parsed = parse(print_webvtt([Cue(0, 1, found)]))

    assert parsed == ([Cue(0, 1, found)] if found else [])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"Hello\Nthere", "Hello\nthere"),
        (r"{\an8}{\pos(1,2)}Up", "Up"),
        (r"{\i1}a{\i0} b", "<i>a</i> b"),
        (r"{\b1}a{\i1}b{\b0}c", "<b>a<i>b</i></b><i>c</i>"),
        (r"{\b700\u1}a{\r}b", "<b><u>a</u></b>b"),
        (r"{\bord3\blur2\iclip(1)}a", "a"),
        (r"{\i1}never closed", "<i>never closed</i>"),
        (r"{\p1}m 0 0 l 1 1{\p0}after", "after"),
        (r"{\p1}m 0 0 l 1 1", ""),
        (r"{\i1} {\i0}", ""),
        (r"{\b1}one {\b0}two", "<b>one</b> two"),
        (r"\N\Na\N \N\hb\N", "a\nb"),
        ("1 < 2 & 3 > 2 --> x", "1 &lt; 2 &amp; 3 &gt; 2 --&gt; x"),
        ("a, b, c", "a, b, c"),
        ("open { brace", "open { brace"),
        (r"\{x\}", "{x}"),
        ("", ""),
    ],
)
def test_what_ass_becomes(line: str, expected: str) -> None:
    assert cue_text("0,0,Default,,0,0,0,," + line, has_comments=True) == expected


def test_braces_are_a_comment_only_where_there_are_such() -> None:
    line = "0,0,Default,,0,0,0,,a {sighs} b"

    assert cue_text(line, has_comments=True) == "a  b"
    assert cue_text(line, has_comments=False) == "a {sighs} b"


def test_long_lines_take_no_long_time() -> None:
    for text in ("{" * 1_000_000, " " * 1_000_000, "{\\p1}" + "m 0 0 " * 200_000, "\\" * 1_000_000):
        cue_text("0,0,Default,,0,0,0,," + text, has_comments=True)


def test_hours_have_as_many_digits_as_they_need() -> None:
    assert b"\n123:45:06.789 --> 123:45:07.000\n" in print_webvtt(
        [Cue(445_506_789, 445_507_000, "x")]
    )
