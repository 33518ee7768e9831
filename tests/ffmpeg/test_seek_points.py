import subprocess
from pathlib import Path

import pytest

from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.messages import SeekPointsRequest, SeekPointsResult
from apps.ffmpeg.pool import MediaPool
from apps.ffmpeg.seek_points import seek_points
from tests.ffmpeg.frames_clips import clip
from tests.media import media, not_media

_FFPROBE = found.path if (found := find_binaries().ffprobe) else None


def _points(path: Path) -> tuple[int, ...]:
    return seek_points(bytes(path), head=path.read_bytes()[:4096])


@pytest.mark.skipif(_FFPROBE is None, reason="no ffprobe on this machine")
@pytest.mark.parametrize("name", ["gops.mp4", "gops.mkv", "open.mp4", "vfr.mp4", "intra.mov",
                                  "no_duration.mkv", "long_gop.mp4"])  # fmt: skip
def test_they_are_the_key_frames_that_ffprobe_lists(name: str) -> None:
    assert _points(clip(name)) == _key_frames(clip(name))


def _key_frames(path: Path) -> tuple[int, ...]:
    command = [str(_FFPROBE), "-v", "error", "-select_streams", "v:0", "-show_entries",
               "packet=pts_time,flags", "-of", "csv=p=0", str(path)]  # fmt: skip
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.split(",") for line in printed.split()]
    return tuple(round(float(time) * 1000) for time, flags, *_ in lines if "K" in flags)


@pytest.mark.parametrize("name", ["stream.ts", "h264.flv"])
def test_without_an_index_of_all_there_are_none(name: str) -> None:
    assert _points(clip(name)) == ()


def test_sound_has_none() -> None:
    assert _points(media("cover.m4a")) == ()


def test_the_pool_tells_them(tmp_path: Path) -> None:
    paths = [clip("gops.mp4"), media("sound.mp3"), not_media("hls.mp4", tmp_path)]
    with MediaPool(children=1) as pool:
        results = list(pool.run(SeekPointsRequest(key=p.name, path=bytes(p)) for p in paths))

    found = {result.key: result for result in results if isinstance(result, SeekPointsResult)}
    assert found["gops.mp4"].times_ms[:3] == (0, 480, 960)
    assert found["sound.mp3"].error == "no_picture"
    assert found["hls.mp4"].error == "playlist_refused"
