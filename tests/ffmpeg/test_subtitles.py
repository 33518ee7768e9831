"""Text tracks inside of files and beside them, made by real ffmpeg, come out as WebVTT."""

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ffmpeg.av_probe import open_media
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.texts.run import make_texts
from apps.ffmpeg.texts.sidecars import find_sidecars
from apps.ffmpeg.texts.tracks import Track, read_tracks
from apps.ffmpeg.texts.webvtt import Cue, print_webvtt
from apps.ffmpeg.work import Work
from tests.ffmpeg.test_texts import parse
from tests.media import ffmpeg, media

_SRT = """1
00:00:01,000 --> 00:00:02,500
{\\an8}<i>Hi</i> & <b>you</b>
second <font color="red">red</font>

2
00:00:01,500 --> 00:00:03,500
Overlap < <u>u</u>

3
00:00:04,000 --> 00:00:04,500
<i> </i>

"""
_CUES = [
    Cue(1_000, 2_500, "<i>Hi</i> &amp; <b>you</b>\nsecond red"),
    Cue(1_500, 3_500, "Overlap &lt; <u>u</u>"),
]
_PARTS = [
    b"\n", b"1\n", b"00:00:01,000 --> 00:00:02,000\n", b"99:59:59.999 --> 00:00:00.000\n", b"-->",
    b"<i>", b"</b>", b"{\\b1}", b"{\\p1", b"}", b"&lt;", b"<", b"&", b"text", b"\xff", b"\0", b"\r",
    b"WEBVTT\n\n", b"NOTE ", b"[Events]\n", b"Format: Text, Start\n", b"Dialogue: ",
    b"0,0:00:01.00,0:00:02.00,Default,,0,0,0,,", b"\\N",
]  # fmt: skip
_PICTURE = ("-f", "lavfi", "-i", "color=black:s=32x32:r=5:d=5")
_SOUND = ("-f", "lavfi", "-i", "sine=d=5")


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg(), "-nostdin", "-v", "error", *arguments], check=True)


def _subtitled(folder: Path, codec: str, name: str, *options: str, srt: str = _SRT) -> Path:
    text = folder / "text.txt"
    text.write_text(srt)
    path = folder / name
    _ffmpeg(
        *_PICTURE, "-f", "srt", "-i", text, "-map", "0", "-map", "1", "-c:s", codec, *options, path
    )
    text.unlink()
    return path


def _pgs(path: Path) -> None:
    """Write the smallest stream of Blu-ray subtitles: one empty picture."""
    composition = struct.pack(">HHBHBBBB", 32, 32, 0x10, 0, 0x80, 0, 0, 0)
    parts = [(0x16, composition), (0x80, b"")]
    path.write_bytes(
        b"".join(b"PG" + struct.pack(">IIBH", 90_000, 0, kind, len(data)) + data
                 for kind, data in parts)
    )  # fmt: skip


def _make(path: Path, folder: Path) -> tuple[Made, list[list[Cue]]]:
    folder.mkdir(exist_ok=True)
    head = path.read_bytes()[:4096]
    programs = Programs(None, None, 30)
    work = Work(bytes(path), head, bytes(folder), {"subtitles": {}}, programs, lambda: None)
    (made,) = make_texts(work)
    json.dumps(made.data)
    assert [file.name for file in made.files] == [str(n) for n in range(len(made.files))]
    assert [track["name"] for track in made.data["tracks"]] == [one.name for one in made.files]
    contents = [Path(os.fsdecode(file.path)).read_bytes() for file in made.files]
    assert [file.size_bytes for file in made.files] == [len(one) for one in contents]
    return made, [parse(one) for one in contents]


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., tuple[Made, list[list[Cue]]]]:
    """Makes the subtitles of a film beside which files of these names and contents lie."""
    film = tmp_path / "Film.mp4"
    shutil.copy(media("black.mp4"), film)

    def make(**files: bytes | str) -> tuple[Made, list[list[Cue]]]:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(data)
        return _make(film, tmp_path / "made")

    return make


class TestEmbedded:
    @pytest.mark.parametrize(
        ("codec", "name"),
        [("srt", "a.mkv"), ("ass", "a.mkv"), ("ssa", "a.mkv"), ("webvtt", "a.webm"),
         ("webvtt", "a.mkv"), ("mov_text", "a.mp4"), ("mov_text", "a.mov"), ("ass", "a.nut")],
    )  # fmt: skip
    def test_each_kind(self, codec: str, name: str, tmp_path: Path) -> None:
        srt = _SRT.replace(" < ", " ")  # ffmpeg writes it into WebVTT as it is
        made, (cues,) = _make(_subtitled(tmp_path, codec, name, srt=srt), tmp_path / "made")

        assert made.error == ""
        # no two are shown at once in mov_text, and seconds have two decimals in ASS
        assert [cue.text for cue in cues] == [cue.text.replace(" &lt; ", " ") for cue in _CUES]
        assert [cue.start_ms for cue in cues] == [1_000, 1_500]

    def test_plain_text_has_no_tags(self, tmp_path: Path) -> None:
        _, (cues,) = _make(_subtitled(tmp_path, "text", "a.mkv"), tmp_path / "made")

        assert cues[0].text == "Hi &amp; you\nsecond red"

    def test_times_are_exact(self, tmp_path: Path) -> None:
        _, (cues,) = _make(_subtitled(tmp_path, "srt", "a.mkv"), tmp_path / "made")

        assert cues == _CUES

    def test_what_is_known_of_a_track(self, tmp_path: Path) -> None:
        path = _subtitled(
            tmp_path, "srt", "a.mkv", "-metadata:s:s:0", "language=fre",
            "-metadata:s:s:0", "title=Signs & Songs", "-disposition:s:0", "forced",
        )  # fmt: skip

        made, _ = _make(path, tmp_path / "made")

        assert made.data["tracks"] == [
            {"name": "0", "language": "fre", "title": "Signs & Songs", "forced": True,
             "source": "embedded", "codec": "subrip"},
        ]  # fmt: skip

    def test_times_count_from_the_files_start(self, tmp_path: Path) -> None:
        path = _subtitled(tmp_path, "srt", "a.mkv")
        late = tmp_path / "late.mkv"
        _ffmpeg("-itsoffset", "100", "-i", path, "-map", "0", "-c", "copy",
                "-avoid_negative_ts", "disabled", "-copyts", late)  # fmt: skip
        with av.open(str(late)) as container:
            assert container.start_time == 100_000_000

        _, (cues,) = _make(late, tmp_path / "made")

        assert cues == _CUES

    def test_several_tracks_of_which_one_is_empty(self, tmp_path: Path) -> None:
        full, empty = tmp_path / "full", tmp_path / "empty"
        full.write_text(_SRT)
        empty.write_text("1\n00:00:01,000 --> 00:00:02,000\n<i> </i>\n\n")
        path = tmp_path / "a.mkv"
        _ffmpeg(*_PICTURE, "-f", "srt", "-i", empty, "-f", "srt", "-i", full,
                "-map", "1", "-map", "0", "-map", "2", "-c:s", "srt", path)  # fmt: skip

        made, tracks = _make(path, tmp_path / "made")

        assert tracks == [_CUES]
        assert [one["reason"] for one in made.data["skipped"]] == ["It holds no text."]

    def test_pictures_are_no_text(self, tmp_path: Path) -> None:
        _pgs(tmp_path / "a.sup")
        path = tmp_path / "a.mkv"
        _ffmpeg(*_PICTURE, "-i", tmp_path / "a.sup", "-map", "0", "-map", "1", "-c:s", "copy",
                "-metadata:s:s:0", "language=ger", path)  # fmt: skip

        made, _ = _make(path, tmp_path / "made")

        assert made.error == "no_text"
        assert made.data["skipped"] == [
            {"codec": "hdmv_pgs_subtitle", "language": "ger", "reason": "It is pictures, not text."}
        ]

    def test_a_kind_without_a_decoder(self, tmp_path: Path) -> None:
        made, _ = _make(_subtitled(tmp_path, "ttml", "a.mp4"), tmp_path / "made")

        assert made.error == "no_text"
        assert [one["reason"] for one in made.data["skipped"]] == [
            "MediaHub has no decoder for it."
        ]

    def test_too_much_text_is_refused(self, tmp_path: Path) -> None:
        line = "x" * 9_000
        srt = "".join(
            f"{n}\n00:{n // 60:02d}:{n % 60:02d},000 --> 00:59:00,000\n{line}\n\n"
            for n in range(500)
        )

        made, _ = _make(_subtitled(tmp_path, "srt", "a.mkv", srt=srt), tmp_path / "made")

        assert made.error == "no_text"
        assert "more text" in made.data["skipped"][0]["reason"]

    def test_a_damaged_file_gives_what_can_be_read(self, tmp_path: Path) -> None:
        content = _subtitled(tmp_path, "srt", "a.mkv").read_bytes()
        path = tmp_path / "cut.mkv"
        path.write_bytes(content[: len(content) * 3 // 4])

        made, _ = _make(path, tmp_path / "made")

        assert made.error in ("", "no_text")

    def test_without_any_there_is_no_text(self, tmp_path: Path) -> None:
        made, _ = _make(media("h264.mp4"), tmp_path)

        assert (made.error, made.files, made.data) == ("no_text", (), {"tracks": [], "skipped": []})


class TestSidecars:
    def test_srt(self, beside: Callable[..., Any]) -> None:
        made, tracks = beside(**{"Film.srt": _SRT})

        assert tracks == [_CUES]
        assert made.data["tracks"] == [
            {"name": "0", "language": "", "title": "", "forced": False, "source": "sidecar",
             "codec": "srt"},
        ]  # fmt: skip

    def test_vtt(self, beside: Callable[..., Any]) -> None:
        vtt = (
            "WEBVTT - title\n\nNOTE nothing\n\nSTYLE\n::cue { color: red }\n\n"
            "id\n00:01.000 --> 00:02.000 line:0 align:left\n"
            "<v Bob>a &lt;b&gt; &amp; <c.x>c</c> <b>d</b>\n"
        )

        _, tracks = beside(**{"film.vtt": vtt})

        assert tracks == [[Cue(1_000, 2_000, "a &lt;b&gt; &amp; c <b>d</b>")]]

    def test_ass_and_ssa(self, beside: Callable[..., Any]) -> None:
        ass = (
            "[Script Info]\nScriptType: v4.00+\n[Events]\n"
            "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
            "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\pos(1,2)\\i1}One, two\\N<x>\n"
            "Dialogue: 1,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}One, two\\N<x>\n"
            "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,not shown\n"
            "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n"
        )

        _, tracks = beside(**{"Film.ass": ass, "Film.ssa": ass})

        assert tracks == [[Cue(1_000, 2_000, "<i>One, two\n&lt;x&gt;</i>")]] * 2

    @pytest.mark.parametrize(
        ("encoding", "name"),
        [("utf-8-sig", "Film.srt"), ("utf-16", "Film.srt"), ("cp1252", "Film.srt"),
         ("cp1252", "Film.fr.srt")],
    )  # fmt: skip
    def test_encodings(self, encoding: str, name: str, beside: Callable[..., Any]) -> None:
        text = "1\n00:00:01,000 --> 00:00:02,000\nÀ bientôt, “Zoë”\n\n"

        _, tracks = beside(**{name: text.encode(encoding)})

        assert tracks == [[Cue(1_000, 2_000, "À bientôt, “Zoë”")]]

    @pytest.mark.parametrize(
        ("encoding", "language", "text"),
        [("cp1251", "ru", "Привет"), ("gb18030", "zh-hans", "你好吗"),
         ("cp932", "Japanese", "ねこ"), ("cp1250", "pol", "Źdźbło"), ("cp1253", "greek", "Γειά")],
    )  # fmt: skip
    def test_old_encodings_are_told_by_the_language(
        self, encoding: str, language: str, text: str, beside: Callable[..., Any]
    ) -> None:
        srt = f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n\n"

        _, tracks = beside(**{f"Film.{language}.srt": srt.encode(encoding)})

        assert tracks == [[Cue(1_000, 2_000, text)]]

    def test_no_content_opens_a_file_or_an_address(
        self, beside: Callable[..., Any], tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret.srt"
        secret.write_text(_SRT)

        made, tracks = beside(**{
            "Film.a.srt": f"#EXTM3U\n#EXTINF:10,\n{secret}\n",
            "Film.b.ass": f"ffconcat version 1.0\nfile {secret}\n",
            "Film.c.vtt": f"concat:{secret}|{secret}",
            "Film.d.srt": f"http://127.0.0.1:9/{secret}",
            "Film.e.srt": bytes(range(256)) * 100,
            "Film.f.srt": b"",
        })  # fmt: skip

        assert (made.error, tracks) == ("no_text", [])
        assert len(made.data["skipped"]) == 6

    def test_no_link_and_nothing_but_files_are_followed(
        self, beside: Callable[..., Any], tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere.srt").write_text(_SRT)
        (tmp_path / "Film.srt").symlink_to(tmp_path / "elsewhere.srt")
        (tmp_path / "Film.en.srt").mkdir()
        os.mkfifo(tmp_path / "Film.de.srt")

        made, tracks = beside()

        assert (tracks, made.data["skipped"]) == ([], [])

    def test_one_that_is_too_large_or_may_not_be_read(
        self, beside: Callable[..., Any], tmp_path: Path
    ) -> None:
        with (tmp_path / "Film.srt").open("wb") as file:
            file.truncate(20_971_521)

        made, tracks = beside()

        assert tracks == []
        assert [one["reason"] for one in made.data["skipped"]] == ["It is larger than 20 MiB."]

    def test_there_is_an_end_to_their_number(self, beside: Callable[..., Any]) -> None:
        made, tracks = beside(**{f"Film.{number:02d}.srt": _SRT for number in range(43)})

        assert len(tracks) == 40
        assert len(made.data["skipped"]) == 3

    def test_times_of_sidecars_are_the_players(self, tmp_path: Path) -> None:
        path = tmp_path / "late.ts"
        _ffmpeg(*_PICTURE, *_SOUND, "-c:v", "mpeg2video", "-c:a", "mp2", path)
        (tmp_path / "late.srt").write_text(_SRT)

        _, tracks = _make(path, tmp_path / "made")

        assert tracks == [_CUES]


@pytest.mark.parametrize("extension", ["srt", "vtt", "ass", "ssa"])
def test_any_content_is_read_or_refused(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"Film.{extension}"

    @given(st.binary(max_size=300) | st.lists(st.sampled_from(_PARTS)).map(b"".join))
    @settings(deadline=None, max_examples=80)
    def check(content: bytes) -> None:
        path.write_bytes(content)
        tracks, skipped = tracks_beside(tmp_path / "Film.mkv")
        assert len(tracks) + len(skipped) == 1
        for track in tracks:
            assert parse(print_webvtt(track.cues))

    check()


def tracks_beside(path: Path) -> tuple[list[Track], list[dict[str, Any]]]:
    """Of a film that has no track itself."""
    black = media("black.mp4")
    with open_media(bytes(black), head=black.read_bytes()[:4096]) as container:
        return read_tracks(container, bytes(path), start_ms=0, beat=lambda: None)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "language", "title", "forced"),
        [
            ("Film.srt", "", "", False),
            ("FILM.SRT", "", "", False),
            ("Film.en.srt", "en", "", False),
            ("film.EN.forced.srt", "en", "", True),
            ("Film.English.sdh.vtt", "en", "SDH", False),
            ("Film.pt-BR.ass", "pt-br", "", False),
            ("Film.eng.hi.srt", "eng", "HI", False),
            ("Film.hi.srt", "hi", "", False),
            ("Film.Directors Cut.deu.default.srt", "deu", "directors cut", False),
            ("Film..srt", "", "", False),
        ],
    )
    def test_what_a_name_tells(
        self, name: str, language: str, title: str, forced: bool, tmp_path: Path
    ) -> None:
        (tmp_path / name).touch()

        (found,) = find_sidecars(bytes(tmp_path / "Film.mkv"))

        assert (found.language, found.title, found.forced) == (language, title, forced)

    @pytest.mark.parametrize(
        "name", ["Film 2.srt", "Fil.srt", "Film.txt", "Film", "srt", "Film.mkv", "Film.srt.bak"]
    )
    def test_files_that_are_none(self, name: str, tmp_path: Path) -> None:
        (tmp_path / name).touch()

        assert find_sidecars(bytes(tmp_path / "Film.mkv")) == []

    def test_those_of_a_longer_name_are_anothers(self, tmp_path: Path) -> None:
        for name in (
            "Film.mkv",
            "Film.Part2.mkv",
            "Film.Part2.srt",
            "Film.part2.en.srt",
            "Film.srt",
        ):
            (tmp_path / name).touch()

        of_first = find_sidecars(bytes(tmp_path / "Film.mkv"))
        of_second = find_sidecars(bytes(tmp_path / "Film.Part2.mkv"))

        assert [os.path.basename(one.path) for one in of_first] == [b"Film.srt"]
        assert [one.language for one in of_second] == ["", "en"]

    def test_names_that_are_no_text(self, tmp_path: Path) -> None:
        folder = bytes(tmp_path)
        for name in (b"-i\xff\n.mp4", b"-i\xff\n.en.srt", b"concat:a|b.mp4", b"concat:a|b.srt"):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(_SRT.encode())

        (first,) = find_sidecars(os.path.join(folder, b"-i\xff\n.mp4"))
        (second,) = find_sidecars(os.path.join(folder, b"concat:a|b.mp4"))

        assert (first.language, second.language) == ("en", "")

    def test_letters_that_grow_when_folded(self, tmp_path: Path) -> None:
        (tmp_path / "STRASSE.en.srt").touch()

        (found,) = find_sidecars(bytes(tmp_path / "Straße.mkv"))

        assert found.language == "en"
