"""Markers in files: what goes out comes back, and nonsense is named."""

import json
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.markers.services.formats import FORMATS, Cue, MarkersRefused, read_markers
from apps.markers.services.formats.cue import MOST_BYTES, MOST_CUES, ends_of, in_order, plain
from tests.media import ffmpeg, media

_TEXT = st.text(max_size=40).map(plain)
_CUES = st.lists(
    st.builds(
        lambda start, length, title, tag, color: Cue(
            start, start + length if length else None, title, tag, color
        ),
        st.integers(0, 10_000_000),
        st.none() | st.integers(1, 10_000_000),
        _TEXT | st.sampled_from(["a --> b", "<b>", "&amp;", "= ; # \\", "x\n\ny", " x ", "\\\n"]),
        _TEXT,
        st.sampled_from(["", "#ff8800", "#ABCDEF"]),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(cues=_CUES, name=st.sampled_from(sorted(FORMATS)), crlf=st.booleans())
def test_what_is_written_is_read_back(cues: list[Cue], name: str, crlf: bool) -> None:
    text = FORMATS[name].write(cues, duration_ms=20_000_000)
    content = (text.replace("\n", "\r\n") if crlf else text).encode()

    assert in_order(FORMATS[name].read(content)) == in_order(cues)
    assert in_order(read_markers(content)) == in_order(cues)


@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("head", [b"", b"WEBVTT\n\n", b";FFMETADATA1\n[CHAPTER]\n", b"{"])
def test_nonsense_is_refused_or_read(name: str, head: bytes, content: bytes) -> None:
    with suppress(MarkersRefused):
        FORMATS[name].read(head + content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nFine\n\n1\n00:0x.000 --> 1\n", "Line 7"),
        (b"WEBVTT\n\n00:03.000 --> 00:02.000\nFine\n", "Line 3: expected an end after"),
        (b"WEBVTT\n\nNOTE mediahub {\n\n00:03.000 --> 00:04.000\nFine\n", "Line 3: expected JSON"),
        (b";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/0\nSTART=1\n", "Line 2: expected a TIMEBASE"),
        (b";FFMETADATA1\n[CHAPTER]\nEND=1\n", "expected a START"),
        (b";FFMETADATA1\n[CHAPTER]\nSTART=1\nnonsense\n", "Line 4: expected a key"),
        (b'{"markers": [{"start": 1}, {"start": 2, "begin": 3}]}', "Marker 2"),
        (b'{\n"markers": [}', "Line 2: expected JSON"),
        (b"1 2 0\n#12 #13 0\n5 6 9\n", "Line 3: expected a start"),
        (b"1 2 0\nframe 13 0\n", "Line 2: expected a time"),
        (b"1 2 0\n\xff\n", "Line 2: expected text in UTF-8"),
        (b"1 2 0\n" * (MOST_CUES + 1), "more than 10,000 markers"),
        (b"#" * (MOST_BYTES + 1), "larger than 2,000,000 bytes"),
        (b"[" * 100_000, "expected"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n&#" + b"9" * 5_000, "Line 3: expected a character"),
    ],
)
def test_errors_name_the_line(content: bytes, said: str) -> None:
    with pytest.raises(MarkersRefused) as refused:
        read_markers(content)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<" * 1_900_000,
        b";FFMETADATA1\n[CHAPTER]\n" + b"a\\\n" * 600_000,
    ],
)
def test_long_nonsense_takes_no_longer_than_its_length(content: bytes) -> None:
    began = time.process_time()
    with pytest.raises(MarkersRefused):
        read_markers(content)
    assert time.process_time() - began < 10


def test_webvtt_of_others() -> None:
    content = (
        b"\xef\xbb\xbfWEBVTT - Some film\nKind: chapters\n\nSTYLE\n::cue { color: red }\n\n"
        b"NOTE a comment\nover two lines\n\nintro\n00:00.000 --> 00:10.500 line:0\n"
        b"<b>Intro</b> &amp; <i>more</i>\nsecond line\n\n01:00:00.000 --> 01:00:01.000"
    )

    assert read_markers(content) == [Cue(0, 10_500, "Intro & more second line"),
                                     Cue(3_600_000, 3_601_000)]  # fmt: skip


def test_edl_of_others() -> None:
    content = b"## made elsewhere\n5.3\t7.1\t0\n0:00:15 16.7 1\n420 822.5 3\n1 255.3 2\n"

    assert read_markers(content) == [
        Cue(5_300, 7_100, "Cut"), Cue(15_000, 16_700, "Muted"),
        Cue(420_000, 822_500, "Commercial break"), Cue(255_300),
    ]  # fmt: skip


def test_points_last_to_the_next_marker() -> None:
    cues = [Cue(0), Cue(5_000, 6_000), Cue(5_000), Cue(9_000)]

    assert ends_of(cues, duration_ms=12_000) == [5_000, 6_000, 9_000, 12_000]
    assert ends_of([Cue(7)], duration_ms=None) == [1_007]
    assert ends_of([Cue(5), Cue(5)], duration_ms=9) == [9, 9]


@pytest.mark.parametrize("name", ["h264.mp4", "chapters.mkv"])
def test_ffmpeg_reads_our_chapters(tmp_path: Path, name: str) -> None:
    title = "a=b;c#d\\e\nnext ünïcode"
    cues = [Cue(0, None, "First"), Cue(500, None, title, "Tag", "#ff0000"), Cue(1_200, 1_500, "")]
    described = tmp_path / "chapters.txt"
    described.write_text(FORMATS["ffmetadata"].write(cues, duration_ms=2_000))
    made = tmp_path / name
    command = [
        ffmpeg(), "-i", media(name), "-f", "ffmetadata", "-i", described, "-map_chapters", "1",
        "-c", "copy", made,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    asked = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", made]
    probed = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)["chapters"]

    assert [round(float(one["start_time"]) * 1_000) for one in probed] == [0, 500, 1_200]
    assert [one.get("tags", {}).get("title", "") for one in probed] == ["First", title, ""]
    back = subprocess.run(
        [ffmpeg(), "-i", made, "-f", "ffmetadata", "-"], check=True, capture_output=True
    )
    assert [cue.title for cue in read_markers(back.stdout)] == ["First", title, ""]
