"""Turns what ffprobe says about a file into MediaFacts.

The in-process prober (``av_probe``) builds the same document, so that there is one place where
values are judged. Nothing in the document is trusted.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.formats import container_name
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.untrusted import (
    integer,
    items,
    mapping,
    milliseconds,
    number,
    ratio,
    tags,
    text,
)

LONGEST_S = 10_000_000  # 115 days: surveillance recordings last weeks
_FASTEST_FPS = 1000
_WIDEST_PX = 65_535
_MOST_STREAMS = 64
_MOST_CHAPTERS = 1000
_DEPTH = re.compile(r"(\d+)(?:msb)?[lb]e$")  # only formats of more than a byte name their end
_PACKED = {20: 10, 30: 10, 36: 12, 48: 16, 64: 16}  # bits of a whole pixel: of one component
_CLOCK = re.compile(r"(\d{1,5}):([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)")
_NUMBER = re.compile(r"^-?\d+$")  # a profile that has no name
_UNNAMED_LAYOUT = re.compile(r"^\d+ channels$")
_HDR = {"smpte2084": "hdr10", "arib-std-b67": "hlg"}

Document = Mapping[str, Any]
Stream = dict[str, Any]


def parse_output(output: bytes, *, head: bytes) -> MediaFacts:
    """Facts from the JSON that ffprobe printed. Raises MediaRefused."""
    try:
        document = json.loads(output.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise MediaRefused(Reason.PROBER_FAILED) from error
    return facts_from(document, head=head)


def facts_from(document: object, *, head: bytes) -> MediaFacts:
    """Facts from ffprobe's document; ``head`` is the beginning of the file.

    Raises MediaRefused when there is neither audio nor video in it.
    """
    given = mapping(document)
    streams = [_stream(one) for one in items(given.get("streams"), 10_000)]
    pictures = [one for one in streams if one["type"] == "video" and _is_attached(one)]
    videos = [one for one in streams if one["type"] == "video" and not _is_attached(one)]
    audios = [one for one in streams if one["type"] == "audio"]
    if not videos and not audios:
        raise MediaRefused(Reason.NO_STREAMS)
    container = mapping(given.get("format"))
    tagged = tags(container.get("tags"), most=64, longest=2000)
    name = text(container.get("format_name"), 100)
    return MediaFacts(
        format_name=name,
        container=container_name(name, brand=tagged.get("major_brand", ""), head=head),
        duration_ms=_duration_ms(container, streams),
        bitrate=integer(container.get("bit_rate"), 1, 10**12),
        audio_tracks=len(audios),
        subtitle_tracks=sum(one["type"] == "subtitle" for one in streams),
        has_attached_picture=bool(pictures),
        streams=streams[:_MOST_STREAMS],
        chapters=[_chapter(one) for one in items(given.get("chapters"), _MOST_CHAPTERS)],
        tags=tagged,
        **(_video_facts(videos[0]) if videos else {}),
        **(_audio_facts(audios[0]) if audios else {}),
    )


def _video_facts(stream: Stream) -> dict[str, Any]:
    width, height = stream.get("width"), stream.get("height")
    if stream.get("rotation") in (90, 270):
        width, height = height, width
    same = (
        "rotation", "frame_rate", "pixel_format", "bit_depth", "profile", "level", "hdr",
        "color_range", "color_space", "color_transfer", "color_primaries",
    )  # fmt: skip
    facts = {name: stream[name] for name in same if name in stream}
    return {**facts, "video_codec": stream.get("codec", ""), "width": width, "height": height}


def _audio_facts(stream: Stream) -> dict[str, Any]:
    return {
        "audio_codec": stream.get("codec", ""),
        "audio_channels": stream.get("channels"),
        "sample_rate": stream.get("sample_rate"),
    }


def _stream(given: Document) -> Stream:
    kind = text(given.get("codec_type"), 20) or "unknown"
    shown = mapping(given.get("disposition"))
    tagged = tags(given.get("tags"), most=32, longest=500)
    language = tagged.get("language", "")
    stream = {
        "index": integer(given.get("index"), 0, 10_000),
        "codec": text(given.get("codec_name"), 50),
        "level": integer(given.get("level"), 1, 10_000),
        "language": "" if language == "und" else language,
        "title": tagged.get("title", ""),
        "start_ms": milliseconds(given.get("start_time"), -LONGEST_S, LONGEST_S),
        "duration_ms": _stream_duration_ms(given, tagged),
        "frames": integer(given.get("nb_frames"), 1, 10**12),
        **{name: shown.get(name) == 1 for name in ("default", "forced", "attached_pic")},
        "tags": tagged,
    }
    if kind == "video":
        stream |= _coded(given) | _video(given)
    elif kind == "audio":
        stream |= _coded(given) | _audio(given)
    return {"type": kind} | {
        name: value
        for name, value in stream.items()
        if value is not False and value not in (None, "", {})
    }


def _coded(given: Document) -> Stream:
    return {
        "codec_tag": _codec_tag(given),
        "profile": _NUMBER.sub("", _known(given.get("profile"))),
        "bitrate": integer(given.get("bit_rate"), 1, 10**12),
    }


def _video(given: Document) -> Stream:
    pixel_format = text(given.get("pix_fmt"), 40)
    extras = items(given.get("side_data_list"), 20)
    transfer = _known(given.get("color_transfer"))
    dolby = any("DOVI" in text(one.get("side_data_type"), 60) for one in extras)
    return {
        "width": integer(given.get("width"), 1, _WIDEST_PX),
        "height": integer(given.get("height"), 1, _WIDEST_PX),
        "sample_aspect_ratio": _aspect(given.get("sample_aspect_ratio")),
        "pixel_format": pixel_format,
        "bit_depth": _bit_depth(pixel_format),
        "frame_rate": _frame_rate(given),
        "field_order": _known(given.get("field_order")),
        "rotation": _rotation(extras) or None,
        "color_range": _known(given.get("color_range")),
        "color_space": _known(given.get("color_space")),
        "color_transfer": transfer,
        "color_primaries": _known(given.get("color_primaries")),
        "hdr": "dolby_vision" if dolby else _HDR.get(transfer, ""),
    }


def _audio(given: Document) -> Stream:
    return {
        "channels": integer(given.get("channels"), 1, 1024),
        "channel_layout": _UNNAMED_LAYOUT.sub("", _known(given.get("channel_layout"))),
        "sample_rate": integer(given.get("sample_rate"), 1, 100_000_000),
        "sample_format": text(given.get("sample_fmt"), 20),
    }


def _is_attached(stream: Stream) -> bool:
    return bool(stream.get("attached_pic"))


def _known(value: object) -> str:
    found = text(value, 60)
    return "" if found in ("unknown", "reserved", "unspecified") else found


def _codec_tag(given: Document) -> str:
    found = text(given.get("codec_tag_string"), 40)
    return "" if found == "[0][0][0][0]" else found


def _aspect(value: object) -> str:
    found = ratio(value, 1e-3, 1e3)
    if found in (None, 1.0):
        return ""
    across, down = (int(part) for part in text(value, 60).split(":"))
    shared = math.gcd(across, down)
    return f"{across // shared}:{down // shared}"


def _frame_rate(given: Document) -> float | None:
    for name in ("avg_frame_rate", "r_frame_rate"):
        rate = ratio(given.get(name), 1e-3, _FASTEST_FPS)
        if rate is not None:
            return round(rate, 3)
    return None


def _rotation(extras: list[Document]) -> int:
    """Degrees from the display matrix, to the nearest quarter turn."""
    for one in extras:
        degrees = number(one.get("rotation"), -36_000, 36_000)
        if degrees is not None:
            return round(degrees / 90) * 90 % 360
    return 0


def _bit_depth(pixel_format: str) -> int | None:
    if not pixel_format:
        return None
    found = _DEPTH.search(pixel_format)
    bits = int(found[1]) % 100 if found else 8  # yuv420p10le; p210le, where 2 means 4:2:2
    return _PACKED.get(bits, bits if bits <= 16 else 8)


def _stream_duration_ms(given: Document, tagged: dict[str, str]) -> int | None:
    found = milliseconds(given.get("duration"), 1e-3, LONGEST_S)
    if found is None and (clock := _CLOCK.match(tagged.get("DURATION", ""))):  # Matroska's
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
        found = milliseconds(seconds, 1e-3, LONGEST_S)
    return found


def _duration_ms(container: Document, streams: list[Stream]) -> int | None:
    found = milliseconds(container.get("duration"), 1e-3, LONGEST_S)
    if found is not None:
        return found
    return max((one["duration_ms"] for one in streams if "duration_ms" in one), default=None)


def _chapter(given: Document) -> dict[str, Any]:
    return {
        "start_ms": milliseconds(given.get("start_time"), -LONGEST_S, LONGEST_S),
        "end_ms": milliseconds(given.get("end_time"), -LONGEST_S, LONGEST_S),
        "title": tags(given.get("tags"), most=32, longest=500).get("title", ""),
    }
