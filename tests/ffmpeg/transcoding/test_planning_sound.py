"""Tracks of sound and of subtitles."""

from dataclasses import replace
from typing import Any

import pytest

from apps.ffmpeg.transcoding.plans import Deed, SubtitleDeed
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    Downmix,
    ImageSubtitles,
    Spec,
    TextSubtitles,
    Tracks,
    VideoCodec,
)
from tests.ffmpeg.transcoding.planned import (
    MKV,
    SAFE,
    audio,
    failed,
    film,
    plan_of,
    text,
    video,
)


def test_several_tracks_and_languages() -> None:
    tracks = [
        audio(1, language="fre"), audio(2, language="eng", title="Commentary"),
        audio(3, language="eng"), audio(4), audio(5, language="de"),
    ]  # fmt: skip
    facts = film(video(), *tracks, container="mov")

    def kept(**values: Any) -> list[int]:
        return [one.index for one in plan_of(facts, replace(SAFE, **values)).audio]

    languages = ("ger", "eng")
    assert kept() == [1, 3, 4, 5, 2]
    assert kept(audio_languages=languages) == [5, 3, 1, 4, 2]
    assert kept(audio_tracks=Tracks.FIRST) == [1]
    assert kept(audio_tracks=Tracks.FIRST, audio_languages=("en",)) == [3]
    assert kept(audio_tracks=Tracks.LANGUAGES, audio_languages=languages) == [5, 3, 4, 2]
    assert kept(audio_tracks=Tracks.LANGUAGES, audio_languages=("jpn",)) == [4]


def test_a_commentary_is_never_alone() -> None:
    facts = film(
        video(), audio(1, language="eng", title="Commentary"), audio(2, language="fre"),
        container="mov",
    )  # fmt: skip
    spec = replace(SAFE, audio_tracks=Tracks.LANGUAGES, audio_languages=("eng",))

    assert [one.index for one in plan_of(facts, spec).audio] == [2, 1]


@pytest.mark.parametrize(
    ("stream", "values", "made"),
    [
        ({"codec": "ac3", "channels": 6}, {}, ("aac", 2, 48000, 160_000)),
        ({"codec": "ac3", "channels": 6}, {"max_channels": 6}, ("aac", 6, 48000, 416_000)),
        ({"codec": "dts", "channels": 7}, {"max_channels": None}, ("aac", 6, 48000, 416_000)),
        ({"codec": "mp3", "channels": 1}, {}, ("aac", 1, 48000, 80_000)),
        ({"codec": "flac", "sample_rate": 96000}, {}, ("aac", 2, 48000, 160_000)),
        ({"codec": "flac", "sample_rate": 88200}, {}, ("aac", 2, 44100, 160_000)),
        ({"codec": "flac", "sample_rate": 37800}, {}, ("aac", 2, 44100, 160_000)),
        ({"codec": "wmav2", "channels": None}, {}, ("aac", 2, 48000, 160_000)),
        ({"codec": "ac3", "sample_rate": 44100},
         {"audio_codec": AudioCodec.OPUS, "max_sample_rate": None}, ("opus", 2, 48000, 160_000)),
        ({"codec": "ac3"}, {"audio_codec": AudioCodec.MP3, "audio_bitrate": 150_000},
         ("mp3", 2, 48000, 144_000)),
        ({"codec": "dts"}, {"audio_codec": AudioCodec.FLAC}, ("flac", 2, 48000, 0)),
    ],
)  # fmt: skip
def test_sound(
    stream: dict[str, Any], values: dict[str, Any], made: tuple[str, int, int, int]
) -> None:
    (track,) = plan_of(film(video(), audio(**stream)), replace(SAFE, **values)).audio

    assert (track.codec, track.channels, track.sample_rate, track.bitrate) == made


def test_dialogue_is_mixed_down_if_it_is_wished() -> None:
    spec = replace(SAFE, downmix=Downmix.DIALOGUE)

    (track,) = plan_of(film(video(), audio(codec="ac3", channels=6)), spec).audio

    assert track.downmix == "dialogue"


def test_much_finer_sound_of_the_same_codec_is_encoded_anew() -> None:
    assert failed(plan_of(film(video(), audio(bitrate=320_000)), SAFE)) == set()
    assert failed(plan_of(film(video(), audio(bitrate=500_000)), SAFE)) == {"audio_bitrate"}


def test_text_in_every_container() -> None:
    facts = film(
        video(codec="vp9"), audio(codec="opus"), text(2, "ass", language="eng"),
        text(3, "mov_text"), text(4, "dvb_teletext"), container="avi",
    )  # fmt: skip
    webm = Spec(
        container=Container.WEBM, video_codec=VideoCodec.VP9, audio_codec=AudioCodec.OPUS,
        copy_audio=("opus",),
    )  # fmt: skip

    def told(spec: Spec) -> list[tuple[int, SubtitleDeed, str]]:
        return [(one.index, one.deed, one.codec) for one in plan_of(facts, spec).subtitles]

    convert, copy = SubtitleDeed.CONVERT, SubtitleDeed.COPY
    assert told(SAFE) == [(2, convert, "mov_text"), (3, copy, "mov_text")]
    assert told(MKV) == [(2, copy, "ass"), (3, convert, "subrip")]
    assert told(webm) == [(2, convert, "webvtt"), (3, convert, "webvtt")]
    assert "Stream 4: subtitle dvb_teletext" in plan_of(facts, webm).dropped


def test_text_beside_the_file() -> None:
    spec = replace(SAFE, text_subtitles=TextSubtitles.SIDECAR, subtitle_languages=("eng", "deu"))
    facts = film(
        video(), audio(), text(2, language="eng"), text(3, language="eng"),
        text(4, language="ger", forced=True), text(5, language="fre"), text(6),
        text(7, language="../../x"),
    )  # fmt: skip

    made = plan_of(facts, spec)

    assert made.deed is Deed.REMUX
    assert [one.suffix for one in made.subtitles] == [
        ".eng.vtt", ".eng.2.vtt", ".deu.forced.vtt", ".vtt", ".2.vtt",
    ]  # fmt: skip


def test_subtitles_that_are_pictures() -> None:
    facts = film(
        video(), audio(), text(2, "hdmv_pgs_subtitle", language="fre"),
        text(3, "hdmv_pgs_subtitle", language="eng"),
        text(4, "dvd_subtitle", language="eng", forced=True), container="matroska",
    )  # fmt: skip
    burn = replace(SAFE, image_subtitles=ImageSubtitles.BURN)

    drawn = plan_of(facts, burn)
    english = plan_of(film(*facts.streams[:4]), replace(burn, subtitle_languages=("en",)))

    assert plan_of(facts, SAFE).subtitles == ()
    assert [one.index for one in plan_of(facts, MKV).subtitles] == [2, 3, 4]
    assert drawn.video is not None
    assert (drawn.deed, drawn.video.burn) == (Deed.VIDEO, 4)
    assert english.video is not None
    assert english.video.burn == 3


def test_what_mp4_calls_tracks() -> None:
    """Their handlers' names; those of programs are no titles."""
    facts = film(
        video(), audio(1, tags={"handler_name": "Commentary"}),
        audio(2, tags={"handler_name": "SoundHandler"}), container="mov",
    )  # fmt: skip

    tracks = plan_of(facts, SAFE).audio

    assert [(one.index, one.title) for one in tracks] == [(2, ""), (1, "Commentary")]


def test_what_is_said_of_tracks() -> None:
    facts = film(video(), audio(1, language="fre"), audio(2, language="eng"))
    spec = replace(SAFE, audio_tracks=Tracks.LANGUAGES, audio_languages=("eng",))

    assert plan_of(facts, spec).reason == (
        "All that is kept is copied into a new file: the tracks of sound: 1 of 2 wanted, wanted"
        " those in eng."
    )


def test_the_track_that_the_file_prefers_comes_first() -> None:
    facts = film(video(), audio(1), audio(2, default=True), container="mov")

    tracks = plan_of(facts, SAFE).audio

    assert [(one.index, one.default) for one in tracks] == [(2, True), (1, False)]
