import os
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from apps.ffmpeg.frames import hardware
from apps.ffmpeg.messages import Made
from tests.ffmpeg.frames_clips import NAMES, clip, spoilt
from tests.ffmpeg.making import make
from tests.media import media


def _preview(path: Path, folder: Path, **options: Any) -> Made:
    (made,) = make(path, folder, preview=options)
    assert made.error == ""
    assert os.listdir(folder) == ["preview.mp4"] or "spoilt.mp4" in os.listdir(folder)
    return made


def _frames(made: Made) -> list[Any]:
    """All of them, after a look at how they are written."""
    path = os.fsdecode(made.files[0].path)
    data = Path(path).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(path) as container:
        (stream,) = container.streams
        assert stream.type == "video"
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert context.width % 2 == context.height % 2 == 0
        assert (context.width, context.height) == (made.data["width"], made.data["height"])
        assert stream.average_rate is not None
        assert stream.average_rate <= 30
        duration = container.duration or 0
        assert duration / 1000 == pytest.approx(made.data["duration_ms"], abs=2)
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_video_has_one(name: str, tmp_path: Path) -> None:
    made = _preview(clip(name), tmp_path)

    assert len(_frames(made)) >= 1


def test_pieces_begin_at_key_frames(tmp_path: Path) -> None:
    made = _preview(clip("gops.mp4"), tmp_path, segments=4, segment_ms=400)

    assert len(_frames(made)) == 4 * 10
    assert made.data["duration_ms"] == 1600
    assert len(made.data["starts_ms"]) == 4
    assert all(start % 480 == 0 for start in made.data["starts_ms"])


def test_pieces_begin_anywhere_where_key_frames_are_few(tmp_path: Path) -> None:
    made = _preview(clip("long_gop.mp4"), tmp_path, segments=5, segment_ms=400)

    assert made.data["starts_ms"] == [2800, 8800, 14800, 20800, 26800]


def test_a_short_video_is_shown_whole(tmp_path: Path) -> None:
    made = _preview(media("h264.mp4"), tmp_path)

    assert len(_frames(made)) == 50
    assert made.data["starts_ms"] == [0]


@pytest.mark.parametrize(("name", "size"), [("rotated90.mp4", (90, 160)),
                                            ("anamorphic.mp4", (232, 90))])  # fmt: skip
def test_it_is_upright_and_in_shape(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    made = _preview(media(name), tmp_path)

    assert _frames(made)[0].shape[:2] == size[::-1]


def test_it_is_as_wide_as_asked_for(tmp_path: Path) -> None:
    made = _preview(clip("bt709.mp4"), tmp_path, width=321)

    assert (made.data["width"], made.data["height"]) == (320, 180)


def test_hdr_is_brought_down(tmp_path: Path) -> None:
    assert np.mean(_frames(_preview(media("hdr.mkv"), tmp_path))) == pytest.approx(191, abs=6)


def test_damage_leaves_the_rest(tmp_path: Path) -> None:
    made = _preview(spoilt(tmp_path), tmp_path, segments=4, segment_ms=400)

    assert made.data["duration_ms"] >= 800


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    data = bytearray(media("black.mp4").read_bytes())
    at, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[at:end] = b"\xff" * (end - at)
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)

    (made,) = make(path, tmp_path, preview={})

    assert made.error == "undecodable"
    assert os.listdir(tmp_path) == ["broken.mp4"]


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    (made,) = make(clip("gops.mp4"), tmp_path / "nowhere", preview={})

    assert made.error == "not_written"


def test_without_a_graphics_card_the_processor_decodes() -> None:
    if os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has one")
    assert not hardware.has_device()
