import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.ffmpeg import av_cover, cover
from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.messages import CoverRequest, CoverResult, Picture
from apps.ffmpeg.pool import MediaPool
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.reasons import MediaRefused
from tests.media import CLIP_NAMES, ffmpeg, media, not_media

_PROGRAMS = Programs(
    ffmpeg(), found.path if (found := find_binaries().ffprobe) else None, timeout_s=30
)


@pytest.fixture(scope="module")
def pool() -> Iterator[MediaPool]:
    with MediaPool(children=1, timeout_s=30) as pool:
        yield pool


def _cover(
    pool: MediaPool,
    path: Path,
    folder: Path,
    *,
    at_ms: int | None = None,
    widths: tuple[int, ...] = (80,),
) -> CoverResult:
    outputs = tuple(Picture(bytes(folder / f"{width}.webp"), width, 80) for width in widths)
    (result,) = pool.run([CoverRequest(key=1, path=bytes(path), at_ms=at_ms, outputs=outputs)])
    assert isinstance(result, CoverResult)
    return result


def _picture(path: Path, at_ms: int | None = None) -> Image.Image:
    with path.open("rb") as file:
        head = file.read(4096)
    return av_cover.still(bytes(path), head=head, at_ms=at_ms, max_width=2000).image


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of the levels, 0..255."""
    levels = [np.asarray(image.convert("RGB"), dtype=float) for image in (one, other)]
    assert levels[0].shape == levels[1].shape
    return float(np.abs(levels[0] - levels[1]).mean())


def test_writes_each_size_as_webp_and_tells_what_it_wrote(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("h264.mp4"), tmp_path, widths=(40, 80))

    assert (result.error, result.width, result.height) == ("", 160, 90)
    assert result.at_ms == pytest.approx(200, abs=80)
    for written, width, height in zip(result.files, (40, 80), (22, 45), strict=True):
        with Image.open(os.fsdecode(written.path)) as image:
            assert (image.format, image.size) == ("WEBP", (width, height))
        assert (written.width, written.height) == (width, height)
        assert written.size_bytes == os.stat(written.path).st_size
    assert sorted(os.listdir(tmp_path)) == ["40.webp", "80.webp"]


def test_never_enlarges(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("h264.mp4"), tmp_path, widths=(4000,))

    assert (result.files[0].width, result.files[0].height) == (160, 90)


@pytest.mark.parametrize(
    ("name", "size"),
    [("portrait.mp4", (90, 160)), ("rotated90.mp4", (90, 160)), ("rotated180.mp4", (160, 90)),
     ("rotated270.mp4", (90, 160)), ("anamorphic.mp4", (233, 90)), ("hevc10.mkv", (160, 90)),
     ("vp9.webm", (160, 90)), ("av1.mp4", (160, 90)), ("xvid.avi", (160, 90)),
     ("mpeg2.ts", (160, 90))],
)  # fmt: skip
def test_shows_the_frame_as_ffmpeg_would(name: str, size: tuple[int, int]) -> None:
    path = media(name)
    request = CoverRequest(key=1, path=bytes(path), outputs=(), at_ms=0)

    by_ffmpeg = cover.still_by_ffmpeg(request, ffmpeg(), head=b"", programs=_PROGRAMS)
    by_av = _picture(path, at_ms=0)

    assert by_av.size == size
    assert _difference(by_av, by_ffmpeg.image.resize(size)) < 12
    assert (
        _difference(by_av, by_ffmpeg.image.resize(size).transpose(Image.Transpose.ROTATE_180)) > 40
    )


def test_passes_over_black_at_the_start(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("black_start.mp4"), tmp_path)

    assert result.at_ms is not None
    assert result.at_ms >= 3000


def test_ffmpeg_passes_over_black_too() -> None:
    path = media("black_start.mp4")
    request = CoverRequest(key=1, path=bytes(path), outputs=())

    still = cover.still_by_ffmpeg(request, ffmpeg(), head=b"", programs=_PROGRAMS)

    assert still.at_ms == pytest.approx(3500, abs=50)


def test_a_video_that_is_black_throughout_still_has_a_cover(
    pool: MediaPool, tmp_path: Path
) -> None:
    assert _cover(pool, media("black.mp4"), tmp_path).error == ""


def test_the_time_that_is_asked_for_is_met(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("h264.mp4"), tmp_path, at_ms=1500)

    assert result.at_ms == 1520  # frames come every 40 ms


def test_past_the_end_the_last_frame_is_taken(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("h264.mp4"), tmp_path, at_ms=999_000)

    assert result.at_ms is not None
    assert 1000 <= result.at_ms <= 2000


def test_hdr_white_is_a_light_grey_and_not_dim() -> None:
    """The clip is of the level that HDR calls white, 203 cd/m²."""
    levels = np.asarray(_picture(media("hdr.mkv")))

    assert levels.mean() == pytest.approx(191, abs=5)
    assert levels.std() < 3


def test_sound_shows_its_cover_picture(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("cover.m4a"), tmp_path)

    assert (result.error, result.width, result.height, result.at_ms) == ("", 120, 120, None)


def test_sound_without_one_has_none(pool: MediaPool, tmp_path: Path) -> None:
    assert _cover(pool, media("sound.mp3"), tmp_path).error == "no_picture"


def test_what_is_no_media_has_none(pool: MediaPool, tmp_path: Path) -> None:
    for name, error in [("text.mp4", "not_media"), ("concat.mkv", "playlist_refused")]:
        assert _cover(pool, not_media(name, tmp_path), tmp_path).error == error
    assert _cover(pool, tmp_path / "gone.mp4", tmp_path).error == "vanished"


def test_a_folder_that_is_missing_is_said(pool: MediaPool, tmp_path: Path) -> None:
    result = _cover(pool, media("h264.mp4"), tmp_path / "nowhere")

    assert result.error == "not_written"


def test_a_video_whose_frames_are_broken_is_undecodable(pool: MediaPool, tmp_path: Path) -> None:
    data = bytearray(media("black.mp4").read_bytes())
    at = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[at:end] = b"\xff" * (end - at)
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)

    assert _cover(pool, path, tmp_path).error == "undecodable"


@pytest.mark.parametrize("name", [name for name in CLIP_NAMES if name != "sound.mp3"])
def test_every_kind_of_clip_has_a_cover(name: str, pool: MediaPool, tmp_path: Path) -> None:
    assert _cover(pool, media(name), tmp_path).error == ""


def test_ffmpeg_alone_refuses_sound() -> None:
    request = CoverRequest(key=1, path=bytes(media("sound.mp3")), outputs=())

    with pytest.raises(MediaRefused) as raised:
        cover.still_by_ffmpeg(request, ffmpeg(), head=b"", programs=_PROGRAMS)

    assert raised.value.code == "no_picture"
