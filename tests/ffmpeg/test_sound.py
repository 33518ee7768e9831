"""Loudness, peaks and motion of real files, whole and in samples."""

import json
import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.reasons import MediaRefused
from apps.ffmpeg.sound import curve, listen
from apps.ffmpeg.sound.curve import Curve
from apps.ffmpeg.sound.run import make_sound
from apps.ffmpeg.work import Work
from tests.media import CLIP_NAMES, ffmpeg, media, not_media
from tests.sounds import write_wav

_BOTH = {"heatmap": {"points": 20}, "waveform": {"points": 50}}
# loud, then silence, then a hundredth of its power
_STEPS = "aevalsrc='sin(880*PI*t)*(lt(t,2)+0.1*gt(t,4))':d=6:s=44100"
_STILL_THEN_NOISE = (
    "-f", "lavfi", "-i",
    "color=gray:s=64x64:r=25:d=6,noise=alls=80:allf=t:enable='gt(t,3)',format=yuv420p",
)  # fmt: skip
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25")


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg(), "-nostdin", "-v", "error", *arguments], check=True)


def _steps(folder: Path, name: str, *options: str) -> Path:
    path = folder / name
    _ffmpeg("-f", "lavfi", "-i", _STEPS, *options, path)
    return path


def _run(
    path: Path,
    folder: Path,
    wishes: dict[str, dict[str, Any]] = _BOTH,
    beats: list[int] | None = None,
) -> dict[str, Made]:
    folder.mkdir(exist_ok=True)
    with path.open("rb") as file:
        head = file.read(4096)
    beat = (lambda: None) if beats is None else (lambda: beats.append(1))
    work = Work(bytes(path), head, bytes(folder), wishes, Programs(None, None, 30), beat)
    return {made.kind: made for made in make_sound(work)}


def _content(made: Made) -> dict[str, Any]:
    assert (made.error, made.message) == ("", "")
    (file,) = made.files
    content = Path(os.fsdecode(file.path)).read_bytes()
    assert (file.name, file.size_bytes) == ("json", len(content))
    found: dict[str, Any] = json.loads(content)
    curves = [values for values in found.values() if isinstance(values, list)]
    assert all(len(values) == found["points"] for values in curves)
    assert all(type(value) is int and 0 <= value <= 100 for values in curves for value in values)
    return found


class TestSound:
    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("a.wav", ()),
            ("u8.wav", ("-c:a", "pcm_u8")),
            ("s24.wav", ("-c:a", "pcm_s24le", "-ar", "96000")),
            ("s32.wav", ("-c:a", "pcm_s32le", "-ac", "2")),
            ("f32.wav", ("-c:a", "pcm_f32le")),
            ("f64.wav", ("-c:a", "pcm_f64le")),
            ("a.aiff", ()),
            ("alaw.wav", ("-c:a", "pcm_alaw", "-ar", "8000")),
            ("a.flac", ()),
            ("a24.flac", ("-sample_fmt", "s32", "-bits_per_raw_sample", "24")),
            ("a.m4a", ("-c:a", "aac", "-b:a", "96k")),
            ("surround.m4a", ("-c:a", "aac", "-ac", "8", "-b:a", "300k")),
            ("a.mp3", ("-c:a", "libmp3lame")),
            ("a.opus", ("-c:a", "libopus")),
            ("a.ogg", ("-c:a", "libvorbis")),
            ("a.ac3", ("-c:a", "ac3", "-ac", "6", "-ar", "48000")),
            ("a.mka", ("-c:a", "libopus")),
            ("alac.m4a", ("-c:a", "alac")),
            ("many.mka", ("-c:a", "pcm_s16le", "-ac", "24")),
            ("mixed.flac", ("-ac", "8")),
        ],
    )
    def test_each_kind(self, name: str, options: tuple[str, ...], tmp_path: Path) -> None:
        # one channel among several: the others would change the mean
        spread = ("-af", "pan=mono|c0=c0") if "-ac" not in options else ()
        made = _run(_steps(tmp_path, name, *spread, *options), tmp_path / "made")

        waveform, heatmap = _content(made["waveform"]), _content(made["heatmap"])
        assert heatmap["duration_ms"] == pytest.approx(6_000, abs=120)
        peaks, loudness = np.array(waveform["peaks"]), np.array(heatmap["loudness"])
        full, step = peaks[3:14].max(), loudness[2] - loudness[17]
        assert full >= 35
        assert peaks[19:31].max() <= 2
        assert full / 12 < peaks[36:47].max() < full / 8
        assert loudness[8:12].max() <= 15
        assert step == pytest.approx(33, abs=3)  # 20 of 60 dB
        assert heatmap["motion"] == [0] * 20

    def test_decibels_are_those_of_the_mean_power(self, tmp_path: Path) -> None:
        made = _run(_steps(tmp_path, "a.wav"), tmp_path / "made")

        loudness = _content(made["heatmap"])["loudness"]
        assert loudness[:6] == [95] * 6  # a sine has 3 dB less than its peak
        assert loudness[15:] == [62] * 5
        assert _content(made["waveform"])["peaks"][:15] == [100] * 15

    @pytest.mark.parametrize("name", CLIP_NAMES)
    def test_every_kind_of_clip(self, name: str, tmp_path: Path) -> None:
        made = _run(media(name), tmp_path)

        assert _content(made["heatmap"])["points"] == 20
        assert made["waveform"].error in ("", "no_sound")

    def test_points_have_a_default(self, tmp_path: Path) -> None:
        made = _run(media("h264.mp4"), tmp_path, {"heatmap": {}, "waveform": {}})

        assert _content(made["heatmap"])["points"] == 200
        assert _content(made["waveform"])["points"] == 1_000

    def test_sound_that_ends_before_the_picture_is_silent_then(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mkv"
        _ffmpeg(*_STILL_THEN_NOISE, "-f", "lavfi", "-i", "sine=d=3", *_X264, path)

        loudness = _content(_run(path, tmp_path / "made")["heatmap"])["loudness"]

        assert min(loudness[:9]) > 50
        assert loudness[11:] == [0] * 9

    def test_the_default_stream_is_heard(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mka"
        _ffmpeg("-f", "lavfi", "-i", "anullsrc=d=3", "-f", "lavfi", "-i", "sine=d=3",
                "-map", "0", "-map", "1", "-c:a", "flac",
                "-disposition:0", "0", "-disposition:1", "default", path)  # fmt: skip

        assert max(_content(_run(path, tmp_path / "made")["waveform"])["peaks"]) > 10

    def test_a_damaged_stretch_is_passed_over(self, tmp_path: Path) -> None:
        path = _steps(tmp_path, "a.mp3", "-c:a", "libmp3lame")
        content = bytearray(path.read_bytes())
        content[len(content) // 3 : len(content) // 3 + 3_000] = os.urandom(3_000)
        path.write_bytes(content)

        peaks = _content(_run(path, tmp_path / "made")["waveform"])["peaks"]

        assert min(peaks[2:12]) > 70

    def test_it_says_that_it_lives(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listen, "_BEAT_S", -1.0)
        beats: list[int] = []

        _run(media("h264.mp4"), tmp_path, beats=beats)

        assert len(beats) > 20


class TestMotion:
    @pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "frag.mp4"])
    def test_it_is_where_the_picture_changes(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / name
        fragments = ("-movflags", "frag_keyframe+empty_moov") if name == "frag.mp4" else ()
        _ffmpeg(*_STILL_THEN_NOISE, *_X264, *fragments, path)

        made = _run(path, tmp_path / "made")

        motion = _content(made["heatmap"])["motion"]
        assert max(motion[:9]) < 10
        assert min(motion[11:19]) > 70
        assert made["waveform"].error == "no_sound"
        assert _content(made["heatmap"])["loudness"] == [0] * 20

    def test_an_index_costs_no_reading(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.mp4"
        _ffmpeg(*_STILL_THEN_NOISE, *_X264, path)
        monkeypatch.setattr(listen.Listening, "_packets", lambda *_: pytest.fail("it read"))

        assert max(_content(_run(path, tmp_path / "made", {"heatmap": {}})["heatmap"])["motion"])

    def test_key_frames_alone_tell_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mov"
        _ffmpeg(*_STILL_THEN_NOISE, "-f", "lavfi", "-i", "sine=d=6", "-c:v", "mjpeg", path)
        silent = tmp_path / "silent.mov"
        _ffmpeg(*_STILL_THEN_NOISE, "-c:v", "mjpeg", silent)

        assert _content(_run(path, tmp_path / "made")["heatmap"])["motion"] == [0] * 20
        assert _run(silent, tmp_path / "made")["heatmap"].error == "no_sound"

    def test_a_picture_that_ends_before_the_sound_moves_no_more(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mp4"
        _ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=8",
                *_X264, path)  # fmt: skip

        motion = _content(_run(path, tmp_path / "made")["heatmap"])["motion"]

        assert max(motion[:5]) == 100
        assert motion[9:] == [0] * 11


class TestSamples:
    """Of long files some pieces are read; here all are long that last more than a second."""

    @pytest.fixture(autouse=True)
    def _long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listen, "_WHOLE_S", 1.0)
        monkeypatch.setattr(listen, "_LEAST_S", 4.0)
        monkeypatch.setattr(listen, "_SAMPLES_FILL_S", 1.0)

    @pytest.mark.parametrize(
        "name", ["a.wav", "a.flac", "a.m4a", "a.mp3", "a.opus", "a.ogg", "a.ac3", "a.mka"]
    )
    def test_they_show_what_the_whole_would(self, name: str, tmp_path: Path) -> None:
        made = _run(_steps(tmp_path, name, "-ar", "48000"), tmp_path / "made")

        peaks = _content(made["waveform"])["peaks"]
        loudness = _content(made["heatmap"])["loudness"]
        assert max(peaks[2:14]) >= 9 * max(peaks[37:46]) > 0
        assert max(peaks[20:30]) <= 5
        assert min(loudness[1:6]) > 60
        assert max(loudness[8:11]) < 30

    @pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
    def test_with_a_picture(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / name
        _ffmpeg(*_STILL_THEN_NOISE, "-f", "lavfi", "-i", _STEPS, *_X264, "-g", "10", path)

        made = _run(path, tmp_path / "made")

        heatmap = _content(made["heatmap"])
        assert max(heatmap["motion"][:8]) < 15
        assert min(heatmap["motion"][12:19]) > 50
        assert min(heatmap["loudness"][1:6]) > 60
        assert max(heatmap["loudness"][8:12]) < 30

    def test_a_part_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "long.wav"
        _ffmpeg("-f", "lavfi", "-i", "sine=r=8000:d=600", path)
        before = _bytes_read()

        _run(path, tmp_path / "made")

        # 50 places: 0.6 s of 16 kB/s each, and a buffer of 32 KiB for each
        assert _bytes_read() - before < path.stat().st_size / 3


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


class TestRefusals:
    def test_neither_sound_nor_picture_that_moves(self, tmp_path: Path) -> None:
        path = tmp_path / "text.mkv"
        text = tmp_path / "text.txt"
        text.write_text("1\n00:00:01,000 --> 00:00:02,000\nHi\n")
        _ffmpeg("-f", "srt", "-i", text, path)

        made = _run(path, tmp_path / "made")

        assert {one.error for one in made.values()} == {"no_sound"}

    def test_no_length(self, tmp_path: Path) -> None:
        path = tmp_path / "endless.mkv"
        whole = subprocess.run(
            [ffmpeg(), "-v", "error", "-i", media("h264.mp4"), "-c", "copy", "-f", "matroska", "-"],
            check=True, capture_output=True,
        )  # fmt: skip
        path.write_bytes(whole.stdout)

        with pytest.raises(MediaRefused) as raised:
            _run(path, tmp_path / "made")

        assert raised.value.code == "no_duration"

    def test_sound_that_is_broken_leaves_the_motion(self, tmp_path: Path) -> None:
        path = tmp_path / "a.avi"
        _ffmpeg(*_STILL_THEN_NOISE, "-f", "lavfi", "-i", "sine=d=6", "-c:v", "mpeg4",
                "-c:a", "flac", path)  # fmt: skip
        _spoil(path, b"01wb")

        made = _run(path, tmp_path / "made")

        assert made["waveform"].error == "undecodable_sound"
        assert max(_content(made["heatmap"])["motion"]) == 100

    def test_what_is_no_media(self, tmp_path: Path) -> None:
        for name in ("hls.mp4", "concat.mkv", "text.mp4"):
            with pytest.raises(MediaRefused):
                _run(not_media(name, tmp_path), tmp_path / "made")

    @pytest.mark.parametrize("rate", [0, 1, 2**31 - 1, 2**32 - 1])
    @pytest.mark.parametrize("channels", [0, 1, 4_000, 65_535])
    def test_lies_about_sound_give_a_reason(self, rate: int, channels: int, tmp_path: Path) -> None:
        path = tmp_path / "lie.wav"
        write_wav(path)
        content = bytearray(path.read_bytes())
        struct.pack_into("<HI", content, 22, channels, rate)
        path.write_bytes(content)

        try:
            made = _run(path, tmp_path / "made")
        except MediaRefused:
            return
        for one in made.values():
            assert one.error or _content(one)

    def test_a_folder_that_is_missing_is_said(self, tmp_path: Path) -> None:
        folder = tmp_path / "made"
        path = media("h264.mp4")
        work = Work(
            bytes(path), path.read_bytes()[:4096], bytes(folder), _BOTH,
            Programs(None, None, 30), lambda: None,
        )  # fmt: skip

        assert {one.error for one in make_sound(work)} == {"not_written"}


def _spoil(path: Path, chunk: bytes) -> None:
    """Overwrite the content of every chunk of an AVI that has this name."""
    content = bytearray(path.read_bytes())
    at = content.find(chunk)
    while at >= 0 and (size := int.from_bytes(content[at + 4 : at + 8], "little")) < 100_000:
        if content[at + 4 : at + 8] != b"\x10\0\0\0":  # an entry of the index
            content[at + 8 : at + 8 + size] = bytes(size)
        at = content.find(chunk, at + 8)
    path.write_bytes(content)


class TestCurve:
    @given(
        st.lists(st.tuples(st.floats(-5, 15), st.lists(st.floats(0, 1), min_size=1, max_size=20)),
                 max_size=10),
        st.integers(1, 30),
        st.floats(0.001, 2),
    )  # fmt: skip
    @settings(deadline=None)
    def test_pieces_at_any_time_are_the_same_as_their_values_one_by_one(
        self, pieces: list[tuple[float, list[float]]], points: int, step_s: float
    ) -> None:
        together, alone = Curve(points, 10), Curve(points, 10)
        for at_s, values in pieces:
            together.add(at_s, np.array(values), np.array(values), step_s=step_s)
            for number, value in enumerate(values):
                one = np.array([value])
                alone.scatter(np.array([at_s + number * step_s]), one, one)

        np.testing.assert_allclose(together.mean(fill_s=0), alone.mean(fill_s=0))
        np.testing.assert_allclose(together.most(fill_s=0), alone.most(fill_s=0))

    def test_gaps_are_filled_up_to_a_length(self) -> None:
        found = Curve(10, 10)
        one = np.ones(1)
        for at_s in (0.5, 2.5):
            found.scatter(np.array([at_s]), one * at_s, one)

        assert found.mean(fill_s=0).tolist() == [0.5, 0, 2.5, 0, 0, 0, 0, 0, 0, 0]
        assert found.mean(fill_s=1).tolist() == [0.5, 1.5, 2.5, 2.5, 0, 0, 0, 0, 0, 0]

    def test_one_odd_value_does_not_flatten_the_others(self) -> None:
        values = np.full(200, 10.0)
        values[7] = 10_000

        assert curve.relative(values)[:9] == [100] * 9
        assert curve.relative(np.zeros(5)) == [0] * 5
