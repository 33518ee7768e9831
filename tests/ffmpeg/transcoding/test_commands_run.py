"""Commands as a real ffmpeg takes them, on films of a second: what comes out is what was asked."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from apps.ffmpeg import av_probe
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.commands import chunk_command, command, sidecar_command
from apps.ffmpeg.transcoding.commands.colors import color_filter, color_options
from apps.ffmpeg.transcoding.planning import compliance
from apps.ffmpeg.transcoding.plans import Plan, Rung, SubtitleDeed, VideoPlan
from apps.ffmpeg.transcoding.shipped import SHIPPED
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    Downmix,
    Hdr,
    ImageSubtitles,
    Spec,
    Speed,
    TextSubtitles,
    VideoCodec,
)
from apps.ffmpeg.transcoding.trials import FILTERS
from tests.ffmpeg.transcoding.commanded import programs
from tests.ffmpeg.transcoding.planned import plan_of
from tests.ffmpeg.transcoding.rich import rich
from tests.media import ffmpeg, media

_WEBM = Spec(
    container=Container.WEBM, video_codec=VideoCodec.VP9, audio_codec=AudioCodec.OPUS,
    copy_audio=(), speed=Speed.FASTEST, level="4.1", max_bitrate=1_000_000, max_channels=6,
)  # fmt: skip
_SPECS = {one.slug: one.spec for one in SHIPPED} | {"webm": _WEBM}
_TOLD_APART = (
    "universal-safe", "chromecast-ultra", "google-tv-streamer", "phone", "archive-hevc",
    "archive-av1", "audio-only", "webm",
)  # fmt: skip
_NEWER = ("universal-safe", "chromecast-ultra", "archive-av1", "webm")
_QUICK = Spec(speed=Speed.FASTEST, container=Container.MATROSKA, copy_video=False)
_EACH = pytest.mark.parametrize("program", programs().values(), ids=programs())


@pytest.mark.parametrize(
    ("program", "profile"),
    [
        pytest.param(program, profile, id=f"{name}-{profile}")
        for name, program in programs().items()
        for profile in _SPECS
        if profile in (_TOLD_APART if name == "ours" else _NEWER)
    ],
)
def test_a_profile_is_fulfilled(program: str, profile: str, tmp_path: Path) -> None:
    spec = _SPECS[profile]
    made = _plan(rich(), spec)
    assert made.is_work

    output = _run(made, spec, rich(), tmp_path / "out", program=program)

    facts = _facts(output)
    failed = [one for one in compliance(facts, spec, size_bytes=0) if not one.ok]
    assert not failed
    sounds = [one for one in facts.streams if one["type"] == "audio"]
    assert [one.get("language") for one in sounds] == [one.language for one in made.audio]
    assert _titles(output) == [one.title for one in made.audio]
    assert len(facts.chapters) == 2
    assert sum(one["type"] == "attachment" for one in facts.streams) == len(made.attachments)
    assert abs((facts.duration_ms or 0) - 1000) < 100


@_EACH
def test_a_picture_is_turned_and_its_note_taken_off(program: str, tmp_path: Path) -> None:
    source = media("rotated90.mp4")
    made = _plan(source, _QUICK)

    facts = _facts(_run(made, _QUICK, source, tmp_path / "out", program=program))

    assert (facts.width, facts.height, facts.rotation) == (90, 160, 0)


@_EACH
@pytest.mark.parametrize("filters", [None, frozenset[str]()], ids=["zscale", "tables"])
def test_hdr_becomes_ordinary(program: str, filters: frozenset[str] | None, tmp_path: Path) -> None:
    """The grey of the clip is white paper (203 cd/m²), which is bright grey on ordinary screens."""
    spec = replace(_QUICK, hdr=Hdr.TONE_MAP, quality=5.0)
    made = _plan(media("hdr.mkv"), spec)

    output = _run(made, spec, media("hdr.mkv"), tmp_path / "out", program=program, filters=filters)

    facts = _facts(output)
    assert (facts.hdr, facts.color_transfer, facts.pixel_format) == ("", "bt709", "yuv420p")
    assert 176 <= np.median(_gray(output)) <= 190


@_EACH
def test_frames_at_any_rate_keep_their_times(program: str, tmp_path: Path) -> None:
    source = _uneven(tmp_path / "uneven.mkv")
    made = _plan(source, _QUICK)

    output = _run(made, _QUICK, source, tmp_path / "out", program=program)

    assert _times(output) == pytest.approx(_times(source), abs=0.003)


@_EACH
def test_pictures_of_text_are_drawn(program: str, tmp_path: Path) -> None:
    spec = replace(_QUICK, image_subtitles=ImageSubtitles.BURN, quality=5.0, max_width=128)
    made = _plan(rich(), spec)
    assert made.video is not None
    assert made.video.burn == 4

    output = _run(made, spec, rich(), tmp_path / "out", program=program)

    # newer versions are late by as many frames as are decoded ahead
    shown = [bool((one[62:66, 12:84] > 225).all()) for one in _gray(output)]
    assert shown[15:20] == [True] * 5
    assert not any([*shown[:10], *shown[24:]])
    assert {one["type"] for one in _facts(output).streams} == {"video", "audio", "subtitle",
                                                               "attachment"}  # fmt: skip


def test_pixels_are_made_square_and_lines_whole(tmp_path: Path) -> None:
    made = _plan(media("anamorphic.mp4"), _QUICK)
    assert made.video is not None
    made = replace(made, video=replace(made.video, deinterlace=True))

    facts = _facts(_run(made, _QUICK, media("anamorphic.mp4"), tmp_path / "out"))

    assert (facts.width, facts.height) == (232, 90)
    assert facts.streams[0].get("sample_aspect_ratio", "1:1") == "1:1"


def test_interlacing_is_found_by_decoding(tmp_path: Path) -> None:
    """The file says nothing of it, so the plan doesn't either."""
    source = tmp_path / "fields.mkv"
    _make("testsrc2=s=160x96:r=25:d=0.4", source, "libx264", "-x264opts", "interlaced=1")
    spec = replace(_QUICK, video_codec=VideoCodec.HEVC)
    made = _plan(source, spec)
    assert made.video is not None
    assert not made.video.deinterlace

    with av.open(str(_run(made, spec, source, tmp_path / "out"))) as container:
        assert not any(frame.interlaced_frame for frame in container.decode(video=0))


@_EACH
def test_what_comes_as_rgb_is_shown_in_its_colours(program: str, tmp_path: Path) -> None:
    """Green tells the matrices apart: its luminance is 173 by BT.709, and 145 by the older one."""
    source = tmp_path / "rgb.mkv"
    _make("color=0x00ff00:s=64x64:r=25:d=0.2,format=gbrp", source, "libx264rgb")

    output = _run(_plan(source, _QUICK), _QUICK, source, tmp_path / "out", program=program)

    assert _facts(output).color_space == "bt709"
    assert abs(int(np.median(_gray(output)[0][:64])) - 173) < 4


def test_only_colours_that_every_version_knows_are_said() -> None:
    video = VideoPlan(index=0, copy=False, color=("vgamut", "bt470bg", "gbr"))

    assert color_filter(video) == ["setparams=color_trc=bt470bg"]
    assert color_options(video) == ["-color_trc:v:0", "gamma28", "-color_range:v:0", "tv"]


@_EACH
def test_the_whole_range_of_values_is_narrowed(program: str, tmp_path: Path) -> None:
    source = tmp_path / "full.mkv"
    _make("color=white:s=64x64:r=25:d=0.2,scale=out_range=pc,format=yuvj420p", source, "mjpeg")

    output = _run(_plan(source, _QUICK), _QUICK, source, tmp_path / "out", program=program)

    assert _facts(output).color_range == "tv"
    with av.open(str(output)) as container:
        frame = next(container.decode(video=0))
    assert abs(int(np.asarray(frame.planes[0])[0]) - 235) < 4


def test_no_name_is_anything_but_a_file(tmp_path: Path) -> None:
    name = b"-y http:a,[0]'%03d\\\xff.mkv"
    spec = replace(_QUICK, text_subtitles=TextSubtitles.SIDECAR)
    folder = bytes(tmp_path) + b"/"
    Path((folder + name).decode("utf-8", "surrogateescape")).symlink_to(rich())
    made = _plan(rich(), spec)
    (text,) = (one for one in made.subtitles if one.deed is SubtitleDeed.SIDECAR)
    words = {"program": ffmpeg(), "source": folder + name}

    _go(command(made, spec, made.rungs[0], output=folder + b"out" + name, **words))
    _go(sidecar_command(made, text, output=folder + name + b".vtt", **words))

    written = {bytes(one)[len(folder) :] for one in tmp_path.iterdir()}
    assert written == {name, b"out" + name, name + b".vtt"}


def test_nothing_is_told_where_nothing_is_to_be(tmp_path: Path) -> None:
    spec = replace(_QUICK, metadata=False, chapters=False, copy_audio=("ac3", "mp2"))

    facts = _facts(_run(_plan(rich(), spec), spec, rich(), tmp_path / "out"))

    told = str(facts.to_json())
    assert "A film" not in told
    assert "Deutsch" not in told
    assert facts.chapters == []
    assert [one.get("language") for one in facts.streams if one["type"] == "audio"] == [
        "deu", "eng",
    ]  # fmt: skip


@_EACH
def test_what_matroska_counted_of_the_source_is_not_kept(program: str, tmp_path: Path) -> None:
    output = _run(_plan(rich(), _QUICK), _QUICK, rich(), tmp_path / "out", program=program)

    with av.open(str(rich())) as before, av.open(str(output)) as after:
        assert before.streams.video[0].metadata["BPS"] == "99"
        assert "BPS" not in after.streams.video[0].metadata


@_EACH
def test_mp4_takes_flac_too(program: str, tmp_path: Path) -> None:
    spec = replace(_QUICK, container=Container.MP4, audio_codec=AudioCodec.FLAC, copy_audio=())

    output = _run(_plan(rich(), spec), spec, rich(), tmp_path / "out", program=program)

    assert _facts(output).audio_codec == "flac"


@_EACH
@pytest.mark.parametrize("container", [Container.M4A, Container.MP3])
def test_a_cover_stays_a_cover(program: str, container: Container, tmp_path: Path) -> None:
    codec = AudioCodec.MP3 if container is Container.MP3 else AudioCodec.AAC
    spec = Spec(
        container=container, video_codec=VideoCodec.NONE, audio_codec=codec,
        max_sample_rate=32_000,
    )  # fmt: skip
    made = _plan(media("cover.m4a"), spec)
    assert made.covers

    output = _run(made, spec, media("cover.m4a"), tmp_path / "out", program=program)

    facts = _facts(output)
    assert (facts.has_attached_picture, facts.video_codec) == (True, "")
    assert facts.audio_codec == codec


def test_people_are_heard_when_speakers_are_few(tmp_path: Path) -> None:
    """What comes from the centre alone is louder than in the standard mix."""
    source = tmp_path / "centre.mkv"
    subprocess.run(
        [ffmpeg(), "-v", "error", "-f", "lavfi", "-i",
         "sine=d=0.5,pan=5.1|FC=0.5*c0", "-c:a", "flac", source], check=True,
    )  # fmt: skip
    loud = {}
    for downmix in Downmix:
        spec = Spec(container=Container.M4A, video_codec=VideoCodec.NONE, downmix=downmix)
        output = _run(_plan(source, spec), spec, source, tmp_path / downmix)
        with av.open(str(output)) as container:
            heard = [np.abs(frame.to_ndarray()).mean() for frame in container.decode(audio=0)]
        loud[downmix] = float(np.mean(heard[2:-2]))

    assert loud[Downmix.DIALOGUE] > 1.2 * loud[Downmix.STANDARD]


@pytest.mark.parametrize(
    ("program", "change"),
    [
        (list(programs().values())[-1], {}),
        (ffmpeg(), {"frame_rate": 15.0, "deinterlace": True}),
    ],
    ids=["newer", "ours"],
)
def test_chunks_are_the_whole_cut_up(
    program: str, change: dict[str, object], tmp_path: Path
) -> None:
    """Frame by frame and time by time; without loss, so that frames can be compared."""
    spec = replace(_QUICK, quality=0.0)
    video = VideoPlan(
        index=0, copy=False, codec="h264", width=160, height=90, source_rate=25.0,
        pixel_format="yuv420p",
    )  # fmt: skip
    made = replace(_plan(rich(), spec), video=replace(video, **change), audio=(), subtitles=())
    whole = _run(replace(made, attachments=()), spec, rich(), tmp_path / "whole", program=program)
    cuts = (0.0, 0.3, 0.7, None)
    frames: list[tuple[float, int]] = []
    for start, end in pairwise(cuts):
        part = tmp_path / "part.nut"
        assert start is not None
        _go(chunk_command(
            made, spec, Rung("libx264"), program=program, source=bytes(rich()),
            output=bytes(part), start=start, end=end,
        ))  # fmt: skip
        frames += _frames(part)

    assert frames == _frames(whole)


def _plan(source: Path, spec: Spec) -> Plan:
    return plan_of(_facts(source), spec, size_bytes=source.stat().st_size)


def _facts(path: Path) -> MediaFacts:
    with path.open("rb") as file:
        return av_probe.probe(bytes(path), head=file.read(4096))


def _run(
    made: Plan,
    spec: Spec,
    source: Path,
    output: Path,
    *,
    program: str = "",
    filters: frozenset[str] | None = FILTERS,
) -> Path:
    _go(command(
        made, spec, made.rungs[0], program=program or ffmpeg(), source=bytes(source),
        output=bytes(output), filters=filters,
    ))  # fmt: skip
    return output


def _go(words: Sequence[str | bytes]) -> None:
    """It ends well and has nothing to say."""
    ended = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    said = [line for line in ended.stderr.decode().splitlines() if not line.startswith("Svt")]
    assert (ended.returncode, [line for line in said if line.strip("- ")]) == (0, [])


def _titles(path: Path) -> list[str]:
    """Of the tracks of sound; in mp4 they are the handlers' names."""
    with av.open(str(path)) as container:
        told = [one.metadata for one in container.streams.audio]
    names = [one.get("title", one.get("handler_name", "")) for one in told]
    return ["" if name == "SoundHandler" else name for name in names]


def _make(graph: str, output: Path, codec: str, *options: str) -> None:
    subprocess.run(
        [ffmpeg(), "-v", "error", "-f", "lavfi", "-i", graph, "-c:v", codec, *options, output],
        check=True,
    )


def _uneven(output: Path) -> Path:
    """40 frames, some four to the place of one, none quite where it should be."""
    times = "(N*40+9*sin(N*1.7)-if(gt(N,20),min(N-20,10)*30,0))/1000/TB"
    subprocess.run(
        [ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1.6",
         "-vf", f"settb=1/1000,setpts='{times}'", "-fps_mode", "passthrough",
         "-enc_time_base", "1/1000", "-c:v", "ffv1", output], check=True,
    )  # fmt: skip
    return output


def _times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        times = sorted(
            float(packet.pts * packet.time_base)
            for packet in container.demux(video=0)
            if packet.pts is not None and packet.time_base is not None
        )
    return [time - times[0] for time in times]


def _frames(path: Path) -> list[tuple[float, int]]:
    """When each is shown, and what stands for its pixels."""
    with av.open(str(path)) as container:
        return [
            (round(frame.time, 3), hash(frame.to_ndarray(format="gray").tobytes()))
            for frame in container.decode(video=0)
            if frame.time is not None
        ]


def _gray(path: Path) -> NDArray[np.uint8]:
    """The values of all frames as they are written."""
    with av.open(str(path)) as container:
        frames = [
            np.asarray(frame.to_ndarray())[: frame.height, : frame.width]
            for frame in container.decode(video=0)
        ]
    return np.stack(frames)
