"""What is made of pictures and sounds of all kinds: one encoder, without a server."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apps.ffmpeg.display_matrix import turn_mp4
from apps.library.models import File
from apps.library.services.media import programs
from apps.playback.services.hls.encoder import Encoder, Order
from apps.playback.services.hls.ladder import NotPlayable, Variant, variants
from apps.playback.services.hls.place import INIT, Place
from apps.playback.services.hls.playlists import index
from apps.playback.services.hls.watching import offered
from tests.playback.serving import add_video, clip, packets

_TEST = "-f lavfi -i testsrc2=s={}:r=25{} "
_X264 = "-t 6 -c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p"
_HEVC10 = "-t 6 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le "
_HEVC10 += "-x265-params log-level=error:keyint=50"
_PICTURE = {
    "type": "video", "codec": "h264", "profile": "High", "pixel_format": "yuv420p",
    "width": 1920, "height": 1080, "frame_rate": 24000 / 1001,
}  # fmt: skip


@dataclass
class Made:
    """The variants of a file and the second segment of each, as ffprobe sees it."""

    variants: list[Variant]
    streams: list[list[dict[str, Any]]]
    first_s: list[float]


@pytest.fixture
def make(db: None, tmp_path: Path) -> Any:
    def make(source: Path) -> Made:
        file = add_video(tmp_path / "library", source).primary_file
        assert file
        found = offered(file)
        paths = [_second_segment(file, one, tmp_path) for one in found]
        return Made(
            found, [_streams(path) for path in paths],
            [min(float(one["pts_time"]) for one in packets(path, "v")) for path in paths],
        )  # fmt: skip

    return make


def _second_segment(file: File, variant: Variant, folder: Path) -> Path:
    """Made by an encoder that begins there."""
    ffmpeg = programs().ffmpeg
    assert ffmpeg
    order = Order(
        program=ffmpeg.path, path=file.location, recipe=variant.recipe,
        starts_s=variant.starts_s, duration_s=variant.duration_s, segment_s=variant.segment_s,
    )  # fmt: skip
    place = Place(folder / "hls", variant.name)
    (place.folder / "stream").mkdir(parents=True)
    encoder = Encoder(place, "stream", order, first=1)
    while not encoder.ended:
        encoder.work(timeout_s=5, reading=True)
    encoder.close()
    assert not encoder.reason
    path = folder / f"{variant.name}.mp4"
    pieces = [place.path("stream", number).read_bytes() for number in (INIT, 1)]
    path.write_bytes(b"".join(pieces))
    return path


def _streams(path: Path) -> list[dict[str, Any]]:
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    said = subprocess.run(command, capture_output=True, check=True)
    return list(json.loads(said.stdout)["streams"])


@pytest.mark.parametrize(
    ("size", "more", "turned", "expected"),
    [
        ("320x180", "", 90, (180, 320)),
        ("320x180", "", 180, (320, 180)),
        ("360x288", ",setsar=64/45", 0, (512, 288)),
        ("360x288", ",setsar=64/45", 270, (288, 512)),
    ],
)
def test_converted_pictures_are_upright_with_square_pixels(
    make: Any, tmp_path: Path, size: str, more: str, turned: int, expected: tuple[int, int]
) -> None:
    source = tmp_path / "turned.mp4"
    shutil.copyfile(clip(_TEST.format(size, more) + _X264), source)
    if turned:
        turn_mp4(source, turned)

    made = make(source)

    assert [one.name for one in made.variants] == ["360p"] if turned else ["copy", "360p"]
    assert made.variants[-1].size == expected
    (picture,) = made.streams[-1]
    assert (picture["width"], picture["height"]) == expected
    assert picture["sample_aspect_ratio"] == "1:1"
    assert made.first_s[-1] == 4.0


def test_odd_sizes_and_other_colours(make: Any) -> None:
    odd = _TEST.format("854x480", ",crop=853:479") + _X264.replace("yuv420p", "yuv444p")

    made = make(clip(odd, ".mkv"))

    assert [one.size for one in made.variants] == [(852, 478), (640, 360)]
    assert [one[0]["pix_fmt"] for one in made.streams] == ["yuv420p"] * 2


def test_interlaced(make: Any) -> None:
    made = make(clip(_TEST.format("360x288", "") + _X264 + " -flags +ildct+ilme -x264opts tff=1"))

    assert made.variants[-1].recipe.deinterlace
    assert made.streams[-1][0].get("field_order", "progressive") == "progressive"
    assert made.first_s == [4.0, 4.0]


@pytest.mark.parametrize("told", ["", "-color_primaries bt2020 -colorspace bt2020nc"])
@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_becomes_ordinary(make: Any, told: str, transfer: str) -> None:
    """Also where the file doesn't say in which colours."""
    made = make(clip(f"{_TEST.format('320x180', '')} {_HEVC10} -color_trc {transfer} {told}"))

    assert [one.codecs for one in made.variants] == ["hvc1.2.4.L60.B0", "avc1.64001E"]
    assert made.streams[0][0]["codec_tag_string"] == "hvc1"
    shown = made.streams[1][0]
    assert (shown["pix_fmt"], shown["color_transfer"]) == ("yuv420p", "bt709")


def test_surround_sound_becomes_stereo(make: Any) -> None:
    sound = "-f lavfi -i sine=r=48000,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0 "

    made = make(clip(_TEST.format("320x180", "") + sound + _X264 + " -c:a ac3", ".mkv"))

    assert [one.codecs.partition(",")[2] for one in made.variants] == ["mp4a.40.2"] * 2
    assert [one[1]["channels"] for one in made.streams] == [2, 2]


class TestLongVideos:
    def test_a_film_is_laid_out_in_no_time(self) -> None:
        """Every request does this: integers alone, once for all qualities."""
        file = File(duration_ms=2 * 3_600_000, size_bytes=1, streams=[_PICTURE])

        found = variants(file, key_frames_ms=(), segment_s=4, can_tone_map=False)

        assert [len(one.starts_s) for one in found] == [1_800] * 4
        assert all(one.starts_s is found[0].starts_s for one in found)
        assert found[0].starts_s[1_799] == 172_532 * 1_001 / 24_000

    def test_what_says_it_lasts_for_months_is_refused(self) -> None:
        file = File(duration_ms=100 * 86_400_000, size_bytes=1, streams=[_PICTURE])

        with pytest.raises(NotPlayable):
            variants(file, key_frames_ms=(), segment_s=4, can_tone_map=False)


def test_no_segment_is_longer_than_the_playlist_says() -> None:
    file = File(duration_ms=9_000, size_bytes=1, streams=[_PICTURE])
    copied = variants(file, key_frames_ms=(0, 4_500), segment_s=4, can_tone_map=False)[0]

    assert "#EXT-X-TARGETDURATION:5\n" in index(copied, {})
