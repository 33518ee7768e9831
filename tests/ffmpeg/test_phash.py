import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.frames.phash import montage, phash, times_s
from tests.ffmpeg.frames_clips import clip, spoilt
from tests.ffmpeg.making import make
from tests.media import ffmpeg, media

_DATA = Path(__file__).parents[1] / "data" / "phash"
_VECTORS: dict[str, dict[str, str]] = {
    kind: found
    for kind, found in json.loads((_DATA / "manifest.json").read_text()).items()
    if kind != "note"
}


def _hash(path: Path, folder: Path) -> dict[str, Any]:
    (made,) = make(path, folder, phash={})
    assert made.error == ""
    assert made.files == ()
    return made.data


@pytest.mark.parametrize("name", _VECTORS["images"])
def test_pictures_have_the_hash_of_goimagehash(name: str) -> None:
    with Image.open(_DATA / name) as image:
        assert f"{phash(np.asarray(image.convert('RGB'))):016x}" == _VECTORS["images"][name]


@pytest.mark.parametrize("name", _VECTORS["videos"])
def test_videos_have_the_hash_of_stash(name: str, tmp_path: Path) -> None:
    assert _hash(_DATA / name, tmp_path)["phash"] == _VECTORS["videos"][name]


@pytest.mark.parametrize(("grade", "name"), [("flat", "black_20s.mp4"),
                                             ("standard", "mandel_180p_lowq.mp4")])  # fmt: skip
def test_black_videos_are_flagged(grade: str, name: str, tmp_path: Path) -> None:
    assert _hash(_DATA / name, tmp_path)["grade"] == grade


@pytest.mark.parametrize("name", ["rotated90.mp4", "gops.mkv", "bt709.mp4"])
def test_equals_the_frames_that_ffmpeg_shows(name: str, tmp_path: Path) -> None:
    """Twenty-five times ``ffmpeg -ss``, as Stash asks."""
    path = media(name) if name == "rotated90.mp4" else clip(name)
    duration_s = _duration_s(path)
    frames = [_frame(path, at_s) for at_s in times_s(round(duration_s * 1_000_000))]

    found = _hash(path, tmp_path)

    assert found == {"phash": f"{phash(montage(frames)):016x}", "grade": "standard"}


def _duration_s(path: Path) -> float:
    found = find_binaries().ffprobe
    if found is None:
        pytest.skip("no ffprobe on this machine")
    command = [found.path, "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]
    return float(subprocess.run([*command, path], check=True, capture_output=True).stdout)


def _frame(path: Path, at_s: float) -> Any:
    command = [ffmpeg(), "-v", "error", "-ss", repr(at_s), "-i", path, "-frames:v", "1"]
    command += ["-vf", "scale=160:-2", "-c:v", "bmp", "-f", "rawvideo", "-"]
    bmp = subprocess.run(command, check=True, capture_output=True).stdout
    with Image.open(io.BytesIO(bmp)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("name", "grade"),
    [("longer_sound.mp4", "own"), ("one_frame.mp4", "flat"), ("grey.mp4", "flat"),
     ("no_duration.mkv", "own"), ("stream.ts", "own"), ("fragmented.mp4", "standard"),
     ("long_gop.mp4", "standard"), ("h264.flv", "standard")],
)  # fmt: skip
def test_grades_what_stash_could_not_have_hashed(name: str, grade: str, tmp_path: Path) -> None:
    assert _hash(clip(name), tmp_path)["grade"] == grade


def test_the_same_video_has_the_same_hash_with_and_without_an_index(tmp_path: Path) -> None:
    hashes = {
        _hash(clip(name), tmp_path)["phash"] for name in ("fragmented.mp4", "no_duration.mkv")
    }

    assert len(hashes) == 1


def test_damage_in_the_middle_leaves_a_hash(tmp_path: Path) -> None:
    assert len(_hash(spoilt(tmp_path), tmp_path)["phash"]) == 16


def test_sound_has_none(tmp_path: Path) -> None:
    (made,) = make(media("cover.m4a"), tmp_path, phash={})

    assert made.error == "no_picture"


def test_gpus_are_never_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that only pretends to have one changes nothing, in the hash or elsewhere."""
    monkeypatch.setattr("apps.ffmpeg.frames.hardware.has_device", lambda: True)
    before = os.listdir(tmp_path)

    made = {one.kind: one for one in make(clip("uhd.mp4"), tmp_path, phash={}, preview={})}

    assert {one.error for one in made.values()} == {""}
    assert made["preview"].data["width"] == 640
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "preview.mp4"])


@given(st.integers(1, 10**12))
@settings(deadline=None)
def test_times_rise_within_the_video(duration_us: int) -> None:
    times = times_s(duration_us)

    assert len(times) == 25
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= duration_us / 1_000_000 + 0.005


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 255))
@settings(deadline=None, max_examples=25)
def test_any_size_has_a_hash(width: int, height: int, level: int) -> None:
    picture = np.full((height, width, 3), level, dtype=np.uint8)
    picture[: height // 2] = 255 - level

    assert 0 <= phash(picture) < 1 << 64
