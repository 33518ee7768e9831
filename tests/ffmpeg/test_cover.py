import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from apps.ffmpeg import cover
from apps.ffmpeg.frames import choice
from apps.ffmpeg.messages import Made, MakeRequest, MakeResult
from apps.ffmpeg.pool import MediaPool
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.reasons import MediaRefused
from tests.ffmpeg.frames_clips import NAMES, clip, spoilt
from tests.ffmpeg.making import PROGRAMS, make
from tests.media import CLIP_NAMES, ffmpeg, media, not_media

_WIDE = {"full": (2000, 90)}


def _cover(
    path: Path, folder: Path, *, sizes: dict[str, tuple[int, int]] | None = None, **options: Any
) -> Made:
    (made,) = make(path, folder, cover={"sizes": sizes or _WIDE, **options})
    return made


def _picture(path: Path, folder: Path, at_ms: int | None = None) -> Image.Image:
    made = _cover(path, folder, at_ms=at_ms)
    assert made.error == ""
    with Image.open(os.fsdecode(made.files[0].path)) as image:
        return image.convert("RGB")


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of the levels, 0..255."""
    levels = [np.asarray(image.convert("RGB"), dtype=float) for image in (one, other)]
    assert levels[0].shape == levels[1].shape
    return float(np.abs(levels[0] - levels[1]).mean())


@pytest.mark.parametrize("form", ["webp", "avif"])
def test_writes_each_size_and_tells_what_it_wrote(form: str, tmp_path: Path) -> None:
    made = _cover(
        media("h264.mp4"), tmp_path, sizes={"thumb": (40, 70), "card": (80, 75)}, format=form
    )

    assert (made.error, made.data["width"], made.data["height"]) == ("", 160, 90)
    by_name = {file.name: file for file in made.files}
    for name, width, height in (("thumb", 40, 22), ("card", 80, 45)):
        file = by_name[name]
        with Image.open(os.fsdecode(file.path)) as image:
            assert (image.format, image.size) == (form.upper(), (width, height))
        assert (file.width, file.height) == (width, height)
        assert file.size_bytes == os.stat(file.path).st_size
    assert sorted(os.listdir(tmp_path)) == [f"cover-card.{form}", f"cover-thumb.{form}"]


def test_never_enlarges(tmp_path: Path) -> None:
    made = _cover(media("h264.mp4"), tmp_path, sizes={"full": (4000, 80)})

    assert (made.files[0].width, made.files[0].height) == (160, 90)


@pytest.mark.parametrize(
    ("name", "size"),
    [("portrait.mp4", (90, 160)), ("rotated90.mp4", (90, 160)), ("rotated180.mp4", (160, 90)),
     ("rotated270.mp4", (90, 160)), ("anamorphic.mp4", (233, 90)), ("hevc10.mkv", (160, 90)),
     ("vp9.webm", (160, 90)), ("av1.mp4", (160, 90)), ("xvid.avi", (160, 90)),
     ("mpeg2.ts", (160, 90))],
)  # fmt: skip
def test_shows_the_frame_as_ffmpeg_would(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    path = media(name)

    by_ffmpeg = cover.still_by_ffmpeg(bytes(path), ffmpeg(), head=b"", programs=PROGRAMS, at_ms=0)
    by_av = _picture(path, tmp_path, at_ms=0)

    assert by_av.size == size
    assert _difference(by_av, by_ffmpeg.image.resize(size)) < 12
    assert (
        _difference(by_av, by_ffmpeg.image.resize(size).transpose(Image.Transpose.ROTATE_180)) > 40
    )


def test_passes_over_black_at_the_start(tmp_path: Path) -> None:
    assert _cover(media("black_start.mp4"), tmp_path).data["at_ms"] >= 3000


def test_chooses_among_the_frames_of_the_hash_alike(tmp_path: Path) -> None:
    made = make(media("black_start.mp4"), tmp_path, cover={"sizes": _WIDE}, phash={})

    (found,) = (one for one in made if one.kind == "cover")
    assert found.data["at_ms"] >= 3000


def test_a_blurred_frame_loses_against_a_sharp_one() -> None:
    levels = np.random.default_rng(1).integers(0, 256, (18, 32), dtype=np.uint8)
    sharp = Image.fromarray(levels).resize((320, 180), Image.Resampling.NEAREST)
    blurred = sharp.filter(ImageFilter.GaussianBlur(4))

    scores = [choice.judge(np.asarray(image)) for image in (sharp, blurred)]

    assert scores[0] > scores[1] > choice.judge(np.full((180, 320), 90, dtype=np.uint8))


def test_ffmpeg_passes_over_black_too() -> None:
    path = media("black_start.mp4")

    still = cover.still_by_ffmpeg(bytes(path), ffmpeg(), head=b"", programs=PROGRAMS, at_ms=None)

    assert still.at_ms == pytest.approx(3500, abs=50)


def test_the_time_that_is_asked_for_is_met(tmp_path: Path) -> None:
    assert _cover(media("h264.mp4"), tmp_path, at_ms=1500).data["at_ms"] == 1520  # each 40 ms


def test_past_the_end_the_last_frame_is_taken(tmp_path: Path) -> None:
    assert 1000 <= _cover(media("h264.mp4"), tmp_path, at_ms=999_000).data["at_ms"] <= 2000


def test_hdr_white_is_a_light_grey_and_not_dim(tmp_path: Path) -> None:
    """The clip is of the level that HDR calls white, 203 cd/m²."""
    levels = np.asarray(_picture(media("hdr.mkv"), tmp_path))

    assert levels.mean() == pytest.approx(191, abs=5)
    assert levels.std() < 3


def test_sound_shows_its_cover_picture(tmp_path: Path) -> None:
    made = _cover(media("cover.m4a"), tmp_path)

    assert made.error == ""
    assert made.data == {"at_ms": None, "width": 120, "height": 120}


def test_the_pool_tells_why_there_is_none(tmp_path: Path) -> None:
    paths = [media("sound.mp3"), not_media("text.mp4", tmp_path),
             not_media("concat.mkv", tmp_path), tmp_path / "gone.mp4"]  # fmt: skip
    wishes = {"cover": {"sizes": _WIDE}}
    requests = [
        MakeRequest(key=at, path=bytes(path), folder=bytes(tmp_path), wishes=wishes)
        for at, path in enumerate(paths)
    ]

    with MediaPool(children=1) as pool:
        results = [one for one in pool.run(requests) if isinstance(one, MakeResult)]

    reasons = {one.key: one.error or one.made[0].error for one in results}
    assert reasons == {0: "no_picture", 1: "not_media", 2: "playlist_refused", 3: "vanished"}


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    assert _cover(media("h264.mp4"), tmp_path / "nowhere").error == "not_written"


def test_a_video_whose_frames_are_broken_is_undecodable(tmp_path: Path) -> None:
    data = bytearray(media("black.mp4").read_bytes())
    at, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[at:end] = b"\xff" * (end - at)
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)

    made = make(path, tmp_path, cover={"sizes": _WIDE}, phash={}, sprite={}, preview={})

    errors = {one.kind: one.error for one in made}
    assert errors.pop("cover") == "damaged"  # as ffmpeg says, which was asked after PyAV
    assert errors == dict.fromkeys(("phash", "sprite", "preview"), "undecodable")
    assert os.listdir(tmp_path) == ["broken.mp4"]


@pytest.mark.parametrize("name", [*(name for name in CLIP_NAMES if name != "sound.mp3"), *NAMES])
def test_every_kind_of_clip_has_a_cover(name: str, tmp_path: Path) -> None:
    path = media(name) if name in CLIP_NAMES else clip(name)

    assert _cover(path, tmp_path).error == ""


def test_damage_in_the_middle_leaves_a_cover(tmp_path: Path) -> None:
    assert _cover(spoilt(tmp_path), tmp_path).error == ""


def test_what_pyav_cannot_is_left_to_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.ffmpeg.frames.run.HAS_PYAV", False)
    wishes: dict[str, dict[str, Any]] = {"cover": {"sizes": _WIDE}, "phash": {}}

    made = {one.kind: one for one in make(media("h264.mp4"), tmp_path, **wishes)}

    assert made["phash"].error == "prober_missing"
    assert made["cover"].error == ""
    assert made["cover"].data["at_ms"] == 200


def test_without_ffmpeg_it_fails_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.ffmpeg.frames.run.HAS_PYAV", False)
    none = Programs(None, None, timeout_s=30)

    (made,) = make(media("h264.mp4"), tmp_path, programs=none, cover={"sizes": _WIDE})

    assert made.error == "prober_missing"


def test_ffmpeg_alone_refuses_sound() -> None:
    with pytest.raises(MediaRefused) as raised:
        cover.still_by_ffmpeg(
            bytes(media("sound.mp3")), ffmpeg(), head=b"", programs=PROGRAMS, at_ms=None
        )

    assert raised.value.code == "no_picture"
