import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.probe import facts_from, parse_output
from apps.ffmpeg.reasons import MediaRefused, Reason

_VIDEO = {"codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080}
_AUDIO = {"codec_type": "audio", "codec_name": "aac", "channels": 2, "sample_rate": "48000"}

_MOV = "mov,mp4,m4a,3gp,3g2,mj2"


def _facts(*streams: dict[str, Any], **container: Any) -> MediaFacts:
    listed = [{"index": at, **one} for at, one in enumerate(streams)]
    return facts_from({"streams": listed, "format": container}, head=b"")


def test_the_first_real_video_and_audio_stream_count() -> None:
    cover = {**_VIDEO, "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}

    facts = _facts(cover, _VIDEO, {**_VIDEO, "width": 1}, _AUDIO, {**_AUDIO, "codec_name": "ac3"})

    assert (facts.video_codec, facts.width, facts.height) == ("h264", 1920, 1080)
    assert (facts.audio_codec, facts.audio_channels, facts.sample_rate) == ("aac", 2, 48_000)
    assert (facts.audio_tracks, facts.has_attached_picture) == (2, True)


def test_sound_alone_has_no_size_even_with_a_cover_picture() -> None:
    cover = {**_VIDEO, "disposition": {"attached_pic": 1}}

    facts = _facts(_AUDIO, cover)

    assert (facts.video_codec, facts.width, facts.height) == ("", None, None)
    assert facts.has_attached_picture


@pytest.mark.parametrize(
    ("said", "rotation", "size"),
    [(90, 90, (1080, 1920)), (-90, 270, (1080, 1920)), (-180, 180, (1920, 1080)),
     ("89.7", 90, (1080, 1920)), (720, 0, (1920, 1080)), ("nan", 0, (1920, 1080))],
)  # fmt: skip
def test_the_size_is_that_of_the_turned_picture(
    said: object, rotation: int, size: tuple[int, int]
) -> None:
    turned = {"side_data_type": "Display Matrix", "rotation": said}

    facts = _facts({**_VIDEO, "side_data_list": [turned]})

    assert (facts.rotation, (facts.width, facts.height)) == (rotation, size)
    assert (facts.streams[0]["width"], facts.streams[0]["height"]) == (1920, 1080)


@pytest.mark.parametrize(
    ("pixel_format", "depth"),
    [("yuv420p", 8), ("yuv420p10le", 10), ("yuvj420p", 8), ("p010le", 10), ("gray12be", 12),
     ("gbrp10le", 10), ("rgb24", 8), ("rgb48le", 16), ("rgb0", 8), ("pal8", 8), ("nv12", 8),
     ("yuv444p16le", 16), ("x2rgb10le", 10), ("", None)],
)  # fmt: skip
def test_the_bit_depth_is_that_of_the_pixel_format(pixel_format: str, depth: int | None) -> None:
    assert _facts({**_VIDEO, "pix_fmt": pixel_format}).bit_depth == depth


@pytest.mark.parametrize(
    ("rates", "expected"),
    [(("30000/1001", "60/1"), 29.97), (("0/0", "25/1"), 25.0), (("0/0", "90000/1"), None),
     (("0/0", "0/0"), None), ((None, None), None)],
)  # fmt: skip
def test_the_frame_rate_is_the_average_if_it_is_sane(
    rates: tuple[str | None, str | None], expected: float | None
) -> None:
    average, nominal = rates

    facts = _facts({**_VIDEO, "avg_frame_rate": average, "r_frame_rate": nominal})

    assert facts.frame_rate == expected


def test_a_missing_duration_is_that_of_the_longest_stream() -> None:
    facts = _facts(
        {**_VIDEO, "duration": "12.5"}, {**_AUDIO, "tags": {"DURATION": "00:01:00.250000000"}}
    )

    assert facts.duration_ms == 60_250


@pytest.mark.parametrize("said", ["N/A", None, "-1", "0.000000", "1e300", "99999999999"])
def test_an_absurd_duration_is_unknown(said: str | None) -> None:
    assert _facts(_VIDEO, duration=said, bit_rate="N/A").duration_ms is None


@pytest.mark.parametrize(
    ("transfer", "side_data", "hdr"),
    [("smpte2084", "", "hdr10"), ("arib-std-b67", "", "hlg"), ("bt709", "", ""),
     ("smpte2084", "DOVI configuration record", "dolby_vision")],
)  # fmt: skip
def test_hdr_is_told_from_transfer_and_side_data(transfer: str, side_data: str, hdr: str) -> None:
    extras = [{"side_data_type": side_data}]

    facts = _facts({**_VIDEO, "color_transfer": transfer, "side_data_list": extras})

    assert (facts.hdr, facts.color_transfer) == (hdr, transfer)


@pytest.mark.parametrize(
    ("name", "brand", "head", "container"),
    [(_MOV, "isom", b"", "mp4"), (_MOV, "qt  ", b"", "mov"), (_MOV, "M4A ", b"", "m4a"),
     (_MOV, "3gp4", b"", "3gp"),
     ("matroska,webm", "", b"\x1aE\xdf\xa3\x42\x82\x84webm", "webm"),
     ("matroska,webm", "", b"\x1aE\xdf\xa3\x42\x82\x88matroska", "matroska"),
     ("mpegts", "", b"", "mpegts")],
)  # fmt: skip
def test_the_container_has_one_short_name(
    name: str, brand: str, head: bytes, container: str
) -> None:
    document = {
        "streams": [_VIDEO],
        "format": {"format_name": name, "tags": {"major_brand": brand}},
    }

    assert facts_from(document, head=head).container == container


def test_neither_audio_nor_video_is_refused() -> None:
    with pytest.raises(MediaRefused) as raised:
        _facts({"codec_type": "subtitle"})

    assert raised.value.reason is Reason.NO_STREAMS


def test_streams_and_chapters_are_kept_within_bounds() -> None:
    document = {
        "streams": [_AUDIO] * 1000,
        "chapters": [{"start_time": "1.5", "end_time": "2", "tags": {"title": "x" * 9999}}] * 5000,
    }

    facts = facts_from(document, head=b"")

    assert (facts.audio_tracks, len(facts.streams), len(facts.chapters)) == (1000, 64, 1000)
    assert facts.chapters[0] == {"start_ms": 1500, "end_ms": 2000, "title": "x" * 500}


def test_facts_survive_being_stored() -> None:
    facts = _facts(_VIDEO, _AUDIO, duration="5", format_name="avi")

    stored = json.loads(json.dumps(facts.to_json()))

    assert MediaFacts.from_json({**stored, "of_a_later_version": 1}) == facts


_KEYS = st.sampled_from(
    [
        "streams", "format", "chapters", "codec_type", "codec_name", "width", "height", "duration",
        "bit_rate", "tags", "index", "side_data_list", "rotation", "disposition", "attached_pic",
        "avg_frame_rate", "sample_aspect_ratio", "pix_fmt", "DURATION", "language", "title",
        "format_name", "channels", "color_transfer", "start_time",
    ]
)  # fmt: skip
_TEXTS = (
    st.sampled_from(["video", "audio", "N/A", "0/0", "1:0", "-90", "\0\ud800", "9" * 50])
    | st.text()
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=8),
    max_leaves=40,
)
_DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "streams": st.lists(st.dictionaries(_KEYS, _ANYTHING), max_size=4) | _ANYTHING,
        "format": st.dictionaries(_KEYS, _ANYTHING) | _ANYTHING,
        "chapters": st.lists(_ANYTHING) | _ANYTHING,
    },
)


def _outcome(parse: Callable[[], MediaFacts]) -> Reason | MediaFacts:
    try:
        return parse()
    except MediaRefused as refused:
        return refused.reason


@given(_DOCUMENTS | _ANYTHING)
def test_no_document_breaks_the_parser(document: object) -> None:
    outcome = _outcome(lambda: facts_from(document, head=b""))

    if isinstance(outcome, MediaFacts):
        assert "\\u0000" not in json.dumps(outcome.to_json(), allow_nan=False)
    else:
        assert outcome is Reason.NO_STREAMS


@given(st.binary() | _DOCUMENTS.map(lambda one: json.dumps(one).encode()))
def test_no_output_breaks_the_parser(output: bytes) -> None:
    outcome = _outcome(lambda: parse_output(output, head=output))

    assert isinstance(outcome, MediaFacts) or outcome in (Reason.NO_STREAMS, Reason.PROBER_FAILED)


def test_json_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(MediaRefused) as raised:
        parse_output(b"[" * 100_000, head=b"")

    assert raised.value.reason is Reason.PROBER_FAILED
