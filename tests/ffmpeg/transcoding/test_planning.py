"""What is done with which file, and why."""

from dataclasses import replace
from typing import Any

import pytest

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.planning import plan
from apps.ffmpeg.transcoding.plans import Deed
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Hdr,
    RateControl,
    Spec,
    VideoCodec,
)
from tests.ffmpeg.transcoding.planned import (
    MKV,
    SAFE,
    SOFTWARE,
    SOUND,
    audio,
    failed,
    film,
    plan_of,
    text,
    video,
)


def test_what_complies_is_left_alone() -> None:
    made = plan_of(film(video(), audio()), SAFE)

    assert (made.deed, made.is_work) == (Deed.SKIP, False)
    assert made.reason == f"It complies already: all {len(made.criteria)} criteria are met."
    assert all(one.ok for one in made.criteria)


def test_another_container_is_only_copied() -> None:
    made = plan_of(film(video(), audio(), container="matroska"), SAFE)

    assert made.deed is Deed.REMUX
    assert made.video is not None
    assert (made.video.copy, made.audio[0].copy) == (True, True)
    assert [one.encoder for one in made.rungs] == [""]
    assert made.reason == (
        "All that is kept is copied into a new file: the container: matroska, wanted MP4."
    )


def test_sound_alone_is_encoded() -> None:
    made = plan_of(film(video(), audio(codec="ac3", channels=6)), SAFE)

    assert made.deed is Deed.AUDIO
    assert made.video is not None
    assert made.video.copy
    (track,) = made.audio
    assert (track.codec, track.channels, track.bitrate) == ("aac", 2, 160_000)
    assert track.downmix == "standard"


def test_the_picture_alone_is_encoded() -> None:
    made = plan_of(film(video(codec="hevc", codec_tag="hvc1"), audio()), SAFE)

    assert made.deed is Deed.VIDEO
    assert made.audio[0].copy


def test_both_are_encoded() -> None:
    made = plan_of(film(video(codec="mpeg4"), audio(codec="mp3")), SAFE)

    assert made.deed is Deed.BOTH
    assert made.reason.startswith("Picture and sound are encoded anew: the picture: MPEG-4, ")


def test_what_no_size_makes_fit_is_refused() -> None:
    made = plan_of(film(video(width=16_000, height=16), audio()), Spec(level="1.0"))

    assert (made.deed, made.code) == (Deed.REFUSE, "too_small")


@pytest.mark.parametrize(
    ("streams", "spec", "code"),
    [
        ([audio(0)], SAFE, "no_picture"),
        ([video()], SOUND, "no_sound"),
        ([video(codec=""), audio()], SAFE, "picture_unreadable"),
        ([video(codec="vp9", width=None), audio()], SAFE, "picture_unreadable"),
        ([video(codec="vp9", width=8, height=8), audio()], SAFE, "too_small"),
        ([video(codec="vp9", width=65_535, height=100), audio()], SAFE, "too_large"),
        ([video(codec="hevc", hdr="dolby_vision"), audio()], SAFE, "dolby_vision"),
        ([video(color_transfer="smpte2084", hdr="hdr10"), audio()],
         replace(SAFE, hdr=Hdr.REFUSE), "hdr"),
        ([video(), audio(codec="")], SAFE, "sound_unreadable"),
        ([video(codec="prores"), audio()], replace(SAFE, video_codec=VideoCodec.COPY),
         "container_cannot"),
        ([video(), audio(codec="wmav2")], replace(SAFE, audio_codec=AudioCodec.COPY),
         "container_cannot"),
        ([video(codec="vp9"), audio()], replace(SAFE, video_codec=VideoCodec.AV1,
                                                pixel_format="yuv444p"), "no_encoder"),
    ],
)  # fmt: skip
def test_refusals(streams: list[dict[str, Any]], spec: Spec, code: str) -> None:
    made = plan_of(film(*streams), spec)

    assert (made.deed, made.code) == (Deed.REFUSE, code)
    assert made.reason.endswith(".")


def test_a_damaged_file_is_not_touched() -> None:
    made = plan(
        film(video(), audio()), SAFE, size_bytes=1, abilities=SOFTWARE,
        damage="It ends after 3 minutes.",
    )  # fmt: skip

    assert (made.code, made.reason) == (
        "source_damaged", "The file is damaged: It ends after 3 minutes."
    )  # fmt: skip


def test_of_several_pictures_the_first_is_kept() -> None:
    made = plan_of(film(video(), audio(), video(index=2), container="mov"), SAFE)

    assert made.video is not None
    assert made.video.index == 0
    assert made.dropped == ("Stream 2: video h264",)
    assert made.notes == ("It has several pictures: the first is kept.",)


def test_covers_are_kept_but_are_no_pictures() -> None:
    cover = {"type": "video", "index": 0, "codec": "mjpeg", "attached_pic": True}
    made = plan_of(film(cover, video(index=1), audio(2), container="mov"), SAFE)

    assert made.video is not None
    assert (made.video.index, made.covers, made.dropped) == (1, (0,), ())


def test_attachments_chapters_and_tags() -> None:
    font = {"type": "attachment", "index": 2, "codec": "ttf"}
    chapters = [{"start_ms": 0, "end_ms": 1_000, "title": "One"}]
    facts = film(
        video(), audio(), font, container="avi", chapters=chapters,
        tags={"title": "Film", "location": "+52.5+13.4/", "encoder": "x"},
    )  # fmt: skip

    kept, mp4 = plan_of(facts, MKV), plan_of(facts, SAFE)
    bare = plan_of(facts, replace(SAFE, chapters=False, metadata=False, attachments=False))

    assert (kept.attachments, kept.chapters, kept.metadata) == ((2,), True, True)
    assert (mp4.attachments, mp4.dropped) == ((), ("Stream 2: attachment ttf",))
    assert (bare.chapters, bare.metadata) == (False, False)
    assert failed(bare) == {"container", "chapters", "metadata", "attachments"}
    (tags,) = [one for one in bare.criteria if one.name == "metadata"]
    assert tags.found == "location, title"


def test_sound_alone_from_a_film() -> None:
    facts = film(video(), audio(), audio(2, codec="ac3", channels=6), text(3))

    made = plan_of(facts, SOUND)

    assert (made.deed, made.video, made.extension) == (Deed.AUDIO, None, ".m4a")
    assert [one.copy for one in made.audio] == [True, False]
    assert made.dropped == ("Stream 0: video h264", "Stream 3: subtitle subrip")


def test_a_film_without_sound() -> None:
    assert plan_of(film(video()), SAFE).deed is Deed.SKIP


def test_nothing_is_copied_if_that_is_forbidden() -> None:
    spec = replace(SAFE, copy_video=False, copy_audio=())
    facts = film(video(), audio(), container="mov")

    assert plan_of(facts, spec).deed is Deed.BOTH
    assert plan_of(film(video(), audio()), spec).deed is Deed.SKIP


def test_a_duration_that_is_not_known() -> None:
    made = plan_of(film(video(codec="vp9"), audio(), duration_ms=None), SAFE, size_bytes=7_000)

    assert made.is_work
    assert (made.duration_ms, made.foreseen_bytes) == (0, 7_000)
    assert made.notes == (
        "How long it lasts isn't known: size and time can't be foreseen.",
    )  # fmt: skip


def test_streams_beyond_those_that_facts_keep() -> None:
    facts = film(*[audio(at) for at in range(64)])
    hidden = MediaFacts.from_json(facts.to_json() | {"video_codec": "h264", "audio_tracks": 70})

    assert plan_of(hidden, SAFE).code == "picture_unreadable"
    assert plan_of(hidden, SOUND).notes == (
        "It has more streams than MediaHub keeps account of: the last are left out.",
    )


def test_estimates_go_by_what_was_learnt() -> None:
    facts = film(video(codec="vp9"), audio())

    def seconds(**speeds: float) -> float:
        return plan(facts, SAFE, size_bytes=10**8, abilities=SOFTWARE, speeds=speeds).foreseen_s

    assert seconds(libx264=10e6) > seconds() > seconds(libx264=1000e6) > 0


def test_size_is_foreseen_within_the_limits() -> None:
    facts = film(video(codec="vp9", bitrate=60_000_000), audio())
    half = replace(SAFE, rate_control=RateControl.BITRATE, video_bitrate=1_000_000)

    bits = 600 * (1_000_000 + 128_000) / 8
    assert plan_of(facts, half).foreseen_bytes == pytest.approx(bits, rel=0.02)
    assert 10**8 < plan_of(facts, SAFE).foreseen_bytes < 600 * 10_000_000 / 8 * 1.1
