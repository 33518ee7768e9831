"""Chapters of containers, however odd, become cues one after the other."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.texts.chapters import chapter_cues
from apps.ffmpeg.texts.run import make_texts
from apps.ffmpeg.texts.webvtt import Cue, print_webvtt
from apps.ffmpeg.work import Work
from tests.ffmpeg.test_texts import parse
from tests.media import media

_ODD = st.integers() | st.floats() | st.none() | st.text(max_size=3)
_CHAPTER = st.fixed_dictionaries({}, optional={
    "start": _ODD | st.integers(0, 100), "end": _ODD | st.integers(0, 100),
    "time_base": st.none() | st.sampled_from([Fraction(1), Fraction(0), Fraction(1, 1000)]),
    "metadata": st.none() | st.dictionaries(st.just("title"), st.text(max_size=20) | st.none()),
})  # fmt: skip


def _chapter(start: float | None, end: float | None, title: str | None = None) -> dict[str, Any]:
    return {
        "start": start, "end": end, "time_base": Fraction(1),
        "metadata": {} if title is None else {"title": title},
    }  # fmt: skip


def _make(path: Path, folder: Path) -> Made:
    head = path.read_bytes()[:4096]
    programs = Programs(None, None, 30)
    work = Work(bytes(path), head, bytes(folder), {"chapters": {}}, programs, lambda: None)
    (made,) = make_texts(work)
    return made


def test_those_of_a_real_file(tmp_path: Path) -> None:
    made = _make(media("chapters.mkv"), tmp_path)

    assert made.data == {"count": 2}
    (file,) = made.files
    content = Path(file.path.decode()).read_bytes()
    assert (file.name, file.size_bytes) == ("vtt", len(content))
    assert parse(content) == [Cue(0, 2_000, "One"), Cue(2_000, 4_000, "Two")]


def test_a_file_without_has_none(tmp_path: Path) -> None:
    made = _make(media("h264.mp4"), tmp_path)

    assert (made.error, made.files) == ("no_chapters", ())


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    assert _make(media("chapters.mkv"), tmp_path / "nowhere").error == "not_written"


def test_unsorted_overlapping_and_untitled_ones() -> None:
    given_chapters = [
        _chapter(50, 60, "C"), _chapter(0, 90), _chapter(20, 21, " a\nb <i> "),
        _chapter(20, 99, "twin"), _chapter(500, 600, "after the end"),
    ]  # fmt: skip

    assert chapter_cues(given_chapters, start_ms=0, length_ms=100_000) == [
        Cue(0, 20_000, "Chapter 1"), Cue(20_000, 50_000, "a b &lt;i&gt;"),
        Cue(50_000, 60_000, "C"),
    ]  # fmt: skip


def test_times_count_from_the_files_start() -> None:
    chapters = [_chapter(9, 12, "A"), _chapter(12, 15, "B")]

    cues = chapter_cues(chapters, start_ms=10_000, length_ms=5_000)

    assert cues == [Cue(0, 2_000, "A"), Cue(2_000, 5_000, "B")]


def test_the_last_ends_somewhere() -> None:
    assert chapter_cues([_chapter(3, None)], start_ms=0, length_ms=0) == [
        Cue(3_000, 4_000, "Chapter 1")
    ]
    assert chapter_cues([_chapter(3, 3)], start_ms=0, length_ms=9_000) == [
        Cue(3_000, 9_000, "Chapter 1")
    ]


def test_ten_thousand_are_too_many() -> None:
    chapters = [_chapter(second, second + 1) for second in range(10_000)]

    cues = chapter_cues(chapters, start_ms=0, length_ms=10_000_000)

    assert len(cues) == 1_000
    assert parse(print_webvtt(cues)) == cues


@given(st.lists(_CHAPTER), st.integers(0, 100_000), st.integers(0, 100_000))
@settings(deadline=None)
def test_nonsense_is_passed_over(
    chapters: list[dict[str, Any]], start_ms: int, length_ms: int
) -> None:
    cues = chapter_cues(chapters, start_ms=start_ms, length_ms=length_ms)

    assert parse(print_webvtt(cues)) == cues
    assert all(one.end_ms <= after.start_ms for one, after in pairwise(cues))
