"""Sound files are told from damaged ones, by children that read real media."""

import hashlib
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.ffmpeg.messages import VerifyRequest, VerifyResult
from apps.ffmpeg.pool import MediaPool
from tests.media import CLIP_NAMES, demo_library, ffmpeg, media, not_media, truncated

_SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=24")
_SOUND = ("-f", "lavfi", "-i", "anoisesrc=d=24:a=0.3:r=44100")
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50")
_ODD: dict[str, tuple[str, ...]] = {
    "one-frame.mp4": (*_SOURCE, *_X264, "-frames:v", "1"),
    "variable-rate.mp4": (
        *_SOURCE, "-vf", "select='not(mod(n,7))+gt(n,300)*not(mod(n,3))+lt(n,5)'",
        "-fps_mode", "vfr", *_X264,
    ),
    "long-pause.mkv": (
        *_SOURCE, "-vf", "select='lt(t,3)+gt(t,14)'", "-fps_mode", "vfr", *_X264,
    ),
    "fragmented.mp4": (
        *_SOURCE, *_SOUND, *_X264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov",
    ),
    "open-gop.ts": (
        *_SOURCE, *_SOUND, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
        "-x264-params", "open-gop=1:keyint=50:bframes=3", "-c:a", "mp2",
    ),
    "refreshed.mp4": (
        *_SOURCE, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
        "-x264-params", "intra-refresh=1:keyint=50",
    ),
    "no-length.mp3": (*_SOUND, "-c:a", "libmp3lame", "-q:a", "5", "-write_xing", "0"),
    "sound.flac": (*_SOUND, "-c:a", "flac"),
    "sound.ogg": (*_SOUND, "-c:a", "libvorbis"),
    "windows.wmv": (*_SOURCE, *_SOUND, "-c:v", "wmv2", "-c:a", "wmav2"),
    "flash.flv": (*_SOURCE, *_SOUND, *_X264, "-c:a", "aac"),
}  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> Iterator[MediaPool]:
    with MediaPool(children=1, timeout_s=60, batch=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Sound files that look as if something were wrong with them."""
    folder = tmp_path_factory.mktemp("odd")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists():
            _ffmpeg(*_ODD[name], str(path))
        return path

    return make


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([ffmpeg(), "-nostdin", "-v", "error", *arguments], check=True)


def _verify(pool: MediaPool, path: Path, **wishes: bool) -> VerifyResult:
    (result,) = pool.run([VerifyRequest(key=path, path=bytes(path), **wishes)])  # type: ignore[arg-type]
    assert isinstance(result, VerifyResult)
    return result


def _flipped(source: Path, folder: Path, *, at: float, count: int = 200) -> Path:
    """A copy with some bytes replaced."""
    content = bytearray(source.read_bytes())
    start = int(len(content) * at)
    content[start : start + count] = random.Random(4).randbytes(count)
    path = folder / source.name
    path.write_bytes(content)
    return path


class TestSoundFiles:
    @pytest.mark.parametrize("whole", [True, False])
    @pytest.mark.parametrize("name", CLIP_NAMES)
    def test_every_kind_of_clip(self, pool: MediaPool, name: str, whole: bool) -> None:
        result = _verify(pool, media(name), whole=whole)

        assert (result.error, result.damage, result.bad) == ("", "", 0)
        assert result.frames > 0

    @pytest.mark.parametrize("whole", [True, False])
    @pytest.mark.parametrize("name", _ODD)
    def test_odd_ones(
        self, pool: MediaPool, odd: Callable[[str], Path], name: str, whole: bool
    ) -> None:
        result = _verify(pool, odd(name), whole=whole)

        assert (result.error, result.damage, result.bad) == ("", "", 0)

    def test_the_demonstration_library(self, pool: MediaPool) -> None:
        found = {
            path.name: _verify(pool, path).damage
            for path in sorted(demo_library().rglob("*"))
            if path.is_file()
        }

        assert len(found) > 10
        assert [name for name, damage in found.items() if damage] == [
            "Interrupted Download (2024).mp4"
        ]

    @pytest.mark.parametrize("whole", [True, False])
    def test_a_recording_that_begins_and_ends_in_mid_frame(
        self, pool: MediaPool, odd: Callable[[str], Path], tmp_path: Path, whole: bool
    ) -> None:
        content = odd("open-gop.ts").read_bytes()
        path = tmp_path / "recording.ts"
        path.write_bytes(content[len(content) // 3 + 77 : -100_123])

        assert _verify(pool, path, whole=whole).damage == ""

    def test_what_was_cut_out_of_a_film_without_encoding(
        self, pool: MediaPool, odd: Callable[[str], Path], tmp_path: Path
    ) -> None:
        for name in ("cut.mp4", "cut.mkv"):
            _ffmpeg("-ss", "4.3", "-i", str(odd("open-gop.ts")), "-c", "copy", str(tmp_path / name))

            assert _verify(pool, tmp_path / name).damage == ""

    def test_a_checksum_is_told_when_asked_for(self, pool: MediaPool) -> None:
        path = media("h264.mp4")

        result = _verify(pool, path, want_md5=True)

        assert result.md5 == hashlib.md5(path.read_bytes()).hexdigest()
        assert result.stat is not None
        assert result.stat.size == path.stat().st_size
        assert _verify(pool, path).md5 == ""


class TestDamagedFiles:
    def test_bytes_flipped_in_the_middle(self, pool: MediaPool, tmp_path: Path) -> None:
        path = _flipped(media("black_start.mp4"), tmp_path, at=0.6)

        result = _verify(pool, path)

        assert result.bad > 0
        assert "frames of its picture can't be decoded; the first is at 0:0" in result.damage

    @pytest.mark.parametrize(
        "name",
        [
            "Fractals/Mandelbrot Dive (2024).mp4",
            "Fractals/Sierpinski Carpet (2023).webm",
            "Life/Garden of Cells (2022).mkv",
        ],
    )
    @pytest.mark.parametrize("whole", [True, False])
    def test_an_end_that_is_missing(
        self, pool: MediaPool, tmp_path: Path, name: str, whole: bool
    ) -> None:
        source = demo_library() / name
        path = tmp_path / source.name
        path.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])

        assert _verify(pool, path, whole=whole).damage.startswith("It ends at 0:")

    def test_a_stretch_of_noughts(self, pool: MediaPool, tmp_path: Path) -> None:
        content = bytearray(media("chapters.mkv").read_bytes())
        middle = len(content) // 2
        content[middle : middle + 5_000] = bytes(5_000)
        path = tmp_path / "hole.mkv"
        path.write_bytes(content)

        assert _verify(pool, path).damage

    def test_a_frame_whose_own_checksum_is_wrong(
        self, pool: MediaPool, odd: Callable[[str], Path], tmp_path: Path
    ) -> None:
        path = _flipped(odd("sound.flac"), tmp_path, at=0.5, count=1)

        assert "its own checksums" in _verify(pool, path).damage

    def test_an_index_that_is_missing_or_content_that_is_none(
        self, pool: MediaPool, tmp_path: Path
    ) -> None:
        assert "no index" in _verify(pool, truncated(tmp_path)).damage
        result = _verify(pool, not_media("text.mp4", tmp_path), want_md5=True)
        assert "not audio or video" in result.damage
        assert len(result.md5) == 32

    def test_a_file_that_is_gone_is_an_error_and_no_damage(
        self, pool: MediaPool, tmp_path: Path
    ) -> None:
        result = _verify(pool, tmp_path / "gone.mp4")

        assert (result.error, result.damage) == ("vanished", "")


class TestPace:
    def test_a_rate_is_kept_and_silence_is_not_mistaken_for_a_hang(self, tmp_path: Path) -> None:
        path = tmp_path / "sound.wav"
        path.write_bytes(media("h264.mp4").read_bytes())
        rate = path.stat().st_size // 3
        beats = []
        began = time.monotonic()

        # each sign of life comes well within the limit, the file takes longer than it
        with MediaPool(children=1, timeout_s=2, batch=1) as pool:
            request = VerifyRequest(
                key=0, path=bytes(path), want_md5=True, bytes_per_second=rate, timeout_s=2
            )
            (result,) = pool.run([request], beat=lambda: beats.append(time.monotonic()))

        assert result.error == ""
        assert time.monotonic() - began >= 2.9
        assert len(beats) >= 3

    def test_it_can_be_ended_within_a_file(self) -> None:
        class Enough(Exception):
            pass

        def stop() -> None:
            raise Enough

        with MediaPool(children=1, timeout_s=30, batch=1) as pool:
            path = bytes(media("h264.mp4"))
            request = VerifyRequest(key=0, path=path, want_md5=True, bytes_per_second=1)
            with pytest.raises(Enough):
                list(pool.run([request], beat=stop))

            assert pool.pids() == []

    def test_work_is_spread_over_all_children(self) -> None:
        with MediaPool(children=2, timeout_s=30, batch=1) as pool:
            path = bytes(media("h264.mp4"))
            size = os.stat(path).st_size
            requests = [
                VerifyRequest(key=n, path=path, want_md5=True, bytes_per_second=size)
                for n in range(2)
            ]
            began = time.monotonic()
            results = list(pool.run(requests))

        assert len(results) == 2
        assert time.monotonic() - began < 10
