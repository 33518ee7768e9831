from pathlib import Path

import av
import pytest

from apps.core import process
from apps.ffmpeg import av_probe
from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.commands.probe import probe as probe_command
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.probe import parse_output
from apps.ffmpeg.reasons import MediaRefused, Reason
from tests.media import CLIP_NAMES, media, not_media, truncated

_BINARIES = find_binaries()


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _by_av(path: Path) -> MediaFacts:
    return av_probe.probe(bytes(path), head=_head(path))


def _without_times(facts: MediaFacts) -> dict[str, object]:
    """FFmpeg's versions differ in what they make of edit lists and encoder delay."""
    plain = facts.to_json()
    for name in ("duration_ms", "bitrate"):
        plain.pop(name)
    for stream in plain["streams"]:
        for name in ("start_ms", "duration_ms", "bitrate", "frames"):
            stream.pop(name, None)
    return plain


@pytest.mark.skipif(_BINARIES.ffprobe is None, reason="no ffprobe on this machine")
@pytest.mark.parametrize("name", CLIP_NAMES)
def test_pyav_tells_what_ffprobe_tells(name: str) -> None:
    assert _BINARIES.ffprobe is not None
    path = media(name)
    printed = process.run(probe_command(_BINARIES.ffprobe.path, bytes(path)), timeout_s=30).stdout
    by_ffprobe = parse_output(printed, head=_head(path))

    by_av = _by_av(path)

    assert _without_times(by_av) == _without_times(by_ffprobe)
    assert by_av.duration_ms == pytest.approx(by_ffprobe.duration_ms, abs=60)


def test_facts_of_a_plain_file() -> None:
    facts = _by_av(media("h264.mp4"))

    assert (facts.container, facts.video_codec, facts.audio_codec) == ("mp4", "h264", "aac")
    assert (facts.width, facts.height, facts.frame_rate, facts.bit_depth) == (160, 90, 25.0, 8)
    assert facts.duration_ms == pytest.approx(2000, abs=50)
    assert (facts.audio_channels, facts.sample_rate) == (1, 44_100)
    assert facts.tags["title"] == "Plain"


@pytest.mark.parametrize(("turn", "size"), [(90, (90, 160)), (180, (160, 90)), (270, (90, 160))])
def test_rotation_is_seen_without_decoding(turn: int, size: tuple[int, int]) -> None:
    facts = _by_av(media(f"rotated{turn}.mp4"))

    assert (facts.rotation, (facts.width, facts.height)) == (turn, size)


def test_hdr_and_bit_depth_are_seen() -> None:
    facts = _by_av(media("hdr.mkv"))

    assert (facts.hdr, facts.bit_depth, facts.color_primaries) == ("hdr10", 10, "bt2020")


def test_chapters_and_subtitles_are_listed() -> None:
    facts = _by_av(media("chapters.mkv"))

    assert facts.chapters == [
        {"start_ms": 0, "end_ms": 2000, "title": "One"},
        {"start_ms": 2000, "end_ms": 4000, "title": "Two"},
    ]
    assert facts.subtitle_tracks == 1
    assert facts.streams[2]["language"] == "deu"


def test_webm_is_told_from_matroska() -> None:
    assert _by_av(media("vp9.webm")).container == "webm"
    assert _by_av(media("chapters.mkv")).container == "matroska"


def test_sound_with_a_cover_picture_is_no_video() -> None:
    facts = _by_av(media("cover.m4a"))

    assert (facts.video_codec, facts.width, facts.has_attached_picture) == ("", None, True)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("text.mp4", Reason.NOT_MEDIA), ("random.mp4", Reason.NOT_MEDIA),
     ("hls.mp4", Reason.PLAYLIST_REFUSED), ("hls.m3u8", Reason.PLAYLIST_REFUSED),
     ("concat.mkv", Reason.PLAYLIST_REFUSED), ("sdp.mp4", Reason.PLAYLIST_REFUSED),
     ("deep.mp4", Reason.DAMAGED)],
)  # fmt: skip
def test_what_is_not_media_is_refused_with_a_reason(
    name: str, reason: Reason, tmp_path: Path
) -> None:
    with pytest.raises(MediaRefused) as raised:
        _by_av(not_media(name, tmp_path))

    assert raised.value.reason is reason


def test_an_mp4_cut_short_lacks_its_index(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused) as raised:
        _by_av(truncated(tmp_path))

    assert raised.value.code == "moov_missing"


def test_a_stream_of_an_unknown_codec_is_left_to_ffprobe(tmp_path: Path) -> None:
    path = tmp_path / "unknown.mp4"
    path.write_bytes(media("h264.mp4").read_bytes().replace(b"avc1", b"zzz9"))

    with pytest.raises(av_probe.PyAVUnable):
        _by_av(path)


def test_a_language_that_looks_like_a_line_of_the_description_turns_nothing(
    tmp_path: Path,
) -> None:
    trick = "x): Video: h264\n    Side data:\n      Display Matrix: rotation of 90.00 degrees"
    path = tmp_path / "trick.mkv"
    with av.open(str(path), "w") as out, av.open(str(media("h264.mp4")), "r") as given:
        stream = out.add_stream_from_template(given.streams.video[0])
        stream.metadata["comment"] = trick
        stream.metadata["title"] = trick
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)

    assert _by_av(path).rotation == 0


def test_a_missing_file_has_vanished(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused) as raised:
        av_probe.probe(bytes(tmp_path / "gone.mp4"), head=b"")

    assert raised.value.reason is Reason.VANISHED
