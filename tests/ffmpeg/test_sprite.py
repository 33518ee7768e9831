import io
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.ffmpeg.frames.sprite import count_tiles, nearest, starts_ms
from apps.ffmpeg.messages import Made
from apps.ffmpeg.wishes import SpriteOptions
from tests.ffmpeg.frames_clips import NAMES, clip, spoilt
from tests.ffmpeg.making import make
from tests.media import ffmpeg, media


def _sprite(path: Path, folder: Path, **options: Any) -> Made:
    (made,) = make(path, folder, sprite=options)
    assert made.error == ""
    data = made.data
    count = len(data["times_ms"])
    assert data["times_ms"] == sorted(set(data["times_ms"]))
    assert len(data["starts_ms"]) == count
    assert data["starts_ms"][0] == 0
    assert data["starts_ms"] == sorted(set(data["starts_ms"]))
    assert data["starts_ms"][-1] < data["duration_ms"]
    assert data["columns"] * data["rows"] >= count > data["columns"] * (data["rows"] - 1)
    (sheet,) = made.files
    assert (sheet.width, sheet.height) == (
        data["columns"] * data["tile_width"], data["rows"] * data["tile_height"]
    )  # fmt: skip
    return made


def _tiles(made: Made) -> list[Any]:
    data = made.data
    width, height = data["tile_width"], data["tile_height"]
    with Image.open(os.fsdecode(made.files[0].path)) as opened:
        assert opened.format == "WEBP"
        sheet = np.asarray(opened.convert("RGB")).astype(int)
    places = [divmod(at, data["columns"]) for at in range(len(data["times_ms"]))]
    return [sheet[row * height :, column * width :][:height, :width] for row, column in places]


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_video_has_one(name: str, tmp_path: Path) -> None:
    made = _sprite(clip(name), tmp_path)

    assert (made.data["tile_width"], made.data["tile_height"]) == (160, 90)


def test_tiles_are_the_frames_of_their_times(tmp_path: Path) -> None:
    for name, exact in (("gops.mp4", False), ("gops.mkv", True)):
        made = _sprite(clip(name), tmp_path, tiles=4, exact=exact)

        for tile, time_ms in zip(_tiles(made), made.data["times_ms"], strict=True):
            times = (time_ms, time_ms + 400)
            here, later = (np.abs(tile - _frame(clip(name), at)).mean() for at in times)
            assert here < 9  # WebP smears the sharp edges of a test picture
            assert here < later / 1.5


def _frame(path: Path, at_ms: int) -> Any:
    command = [ffmpeg(), "-v", "error", "-ss", str((at_ms - 1) / 1000), "-i", path, "-frames:v"]
    command += ["1", "-vf", "scale=160:90", "-c:v", "bmp", "-f", "rawvideo", "-"]
    bmp = subprocess.run(command, check=True, capture_output=True).stdout
    with Image.open(io.BytesIO(bmp)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_key_frames_stand_for_the_times_near_them(tmp_path: Path) -> None:
    made = _sprite(clip("gops.mp4"), tmp_path, tiles=8)

    assert all(time % 480 == 0 for time in made.data["times_ms"])  # each twelfth frame is one


def test_times_are_exact_where_that_is_asked_for(tmp_path: Path) -> None:
    made = _sprite(clip("gops.mp4"), tmp_path, tiles=4, exact=True)

    assert made.data["times_ms"] == [1000, 3000, 5000, 7000]
    assert made.data["starts_ms"] == [0, 2000, 4000, 6000]


def test_times_are_exact_where_key_frames_are_few(tmp_path: Path) -> None:
    made = _sprite(clip("long_gop.mp4"), tmp_path, tiles=10)

    assert made.data["times_ms"] == [1520 + 3000 * n for n in range(10)]


def test_key_frames_as_encoders_place_them_do(tmp_path: Path) -> None:
    made = _sprite(clip("usual_gop.mp4"), tmp_path)

    assert made.data["times_ms"] == [10_000 * n for n in range(6)]


def test_one_tile_each_so_many_seconds(tmp_path: Path) -> None:
    assert len(_sprite(clip("gops.mp4"), tmp_path, seconds=2).data["times_ms"]) == 4


@pytest.mark.parametrize(
    ("name", "size"),
    [("portrait.mp4", (90, 160)), ("rotated90.mp4", (90, 160)), ("anamorphic.mp4", (160, 62))],
)
def test_tiles_are_upright_and_in_shape(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    data = _sprite(media(name), tmp_path).data

    assert (data["tile_width"], data["tile_height"]) == size


def test_the_longer_side_is_as_asked_for(tmp_path: Path) -> None:
    assert _sprite(media("portrait.mp4"), tmp_path, side=80).data["tile_height"] == 80


def test_hdr_is_brought_down(tmp_path: Path) -> None:
    (tile, *_) = _tiles(_sprite(media("hdr.mkv"), tmp_path))

    assert tile.mean() == pytest.approx(191, abs=6)


def test_damage_costs_its_tiles_only(tmp_path: Path) -> None:
    assert len(_sprite(spoilt(tmp_path), tmp_path).data["times_ms"]) >= 5


def test_sound_has_none(tmp_path: Path) -> None:
    (made,) = make(media("cover.m4a"), tmp_path, sprite={})

    assert made.error == "no_picture"


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    (made,) = make(clip("gops.mp4"), tmp_path / "nowhere", sprite={})

    assert made.error == "not_written"


_TIMES = st.lists(st.integers(0, 10**8), min_size=1, max_size=50, unique=True).map(sorted)


@given(_TIMES)
@settings(deadline=None)
def test_each_moment_shows_the_nearest_frame(times: list[int]) -> None:
    starts = starts_ms(times)

    for at, start in enumerate(starts[1:], 1):
        assert times[at - 1] < start <= times[at]
        assert abs(start - times[at]) <= abs(start - times[at - 1])


@given(_TIMES, _TIMES)
@settings(deadline=None)
def test_the_nearest_keys_are_found(keys: list[int], wanted: list[int]) -> None:
    found = nearest(keys, wanted)

    assert found == sorted(set(found))
    assert {min(abs(key - at) for key in found) for at in wanted} == {
        min(abs(key - at) for key in keys) for at in wanted
    }


@given(st.integers(1, 10**11), st.integers(1, 400), st.integers(0, 3600))
@settings(deadline=None)
def test_tiles_are_never_too_many_or_none(length_us: int, tiles: int, seconds: int) -> None:
    count = count_tiles(length_us, SpriteOptions(tiles=tiles, seconds=seconds))

    assert 1 <= count <= tiles
    assert count == 1 or length_us / count >= 500_000
