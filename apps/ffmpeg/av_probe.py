"""ffprobe's document made in this process by PyAV: a thirtieth of the cost of starting ffprobe.

PyAV shows neither side data of streams (rotation, Dolby Vision) nor the names of streams that have
no decoder. FFmpeg's own description of the file (``av_dump_format``), which PyAV can capture, has
both; nothing is decoded for it.
"""

import errno
import os
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import av.logging
from av.audio.stream import AudioStream
from av.codec import CodecContext
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from apps.ffmpeg import av_names
from apps.ffmpeg.diagnosis import LogLine, refusal
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST
from apps.ffmpeg.probe import facts_from
from apps.ffmpeg.reasons import MediaRefused, Reason, refused_by_system

_STREAM = re.compile(r"\s*Stream #0:(\d+)\S*: (\w+): ([\w-]+)")
_SIDE_DATA = re.compile(r"\s{6,}(Display Matrix|displaymatrix|DOVI configuration record): (.*)")
_ROTATION = re.compile(r"rotation of (-?[\d.]+) degrees")
_SYSTEM_ERRORS = {errno.ENOENT, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN}
"""Those that are about the disk. FFmpeg answers EIO and EPERM to damaged content, too."""

Described = dict[int, dict[str, Any]]


class PyAVUnable(Exception):
    """PyAV can't tell all that ffprobe would: ask ffprobe."""


def probe(path: bytes, *, head: bytes) -> MediaFacts:
    """Facts about the regular file at ``path``, equal to ffprobe's; ``head`` is how it begins.

    Raises MediaRefused, and PyAVUnable when only ffprobe can tell. May hang or crash on hostile
    files like any FFmpeg: run it in a child process.
    """
    with open_media(path, head=head) as container:
        try:
            document = _document(container)
        except (UnicodeError, ValueError, AttributeError, OverflowError) as error:
            raise PyAVUnable(str(error)) from error
    return facts_from(document, head=head)


def open_media(path: bytes, *, head: bytes, hardware: HWAccel | None = None) -> InputContainer:
    """Open a regular file for reading, without following what its content names.

    Raises MediaRefused.
    """
    try:
        return _open(path, hardware)
    except MemoryError as error:
        raise MediaRefused(Reason.OUT_OF_MEMORY) from error
    except (av.error.FFmpegError, EOFError, OSError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOMEM:
            raise MediaRefused(Reason.OUT_OF_MEMORY) from error
        if isinstance(error, OSError) and number in _SYSTEM_ERRORS:
            raise refused_by_system(error) from error
        raise refusal(_log_of_opening(path), head) from error


def _open(path: bytes, hardware: HWAccel | None = None) -> InputContainer:
    return av.open(
        "file:" + os.fsdecode(os.path.abspath(path)),
        "r",
        container_options={
            "protocol_whitelist": PROTOCOL_WHITELIST,
            "format_whitelist": FORMAT_WHITELIST,
            "scan_all_pmts": "1",  # as ffprobe does: bit rates in MPEG-TS depend on it
        },
        metadata_errors="replace",
        hwaccel=hardware,
    )


def _log_of_opening(path: bytes) -> list[LogLine]:
    """Open once more to hear why it fails: to log is too slow for files that open."""
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)  # else what the file before said, too, is left out
    try:
        with av.logging.Capture() as log, _open(path):
            pass
    except (av.error.FFmpegError, EOFError, OSError, MemoryError):
        return [(name, message) for _, name, message in log]
    finally:
        av.logging.set_level(None)
    return []


def _document(container: InputContainer) -> dict[str, Any]:
    described = _describe(container)
    return {
        "format": {
            "format_name": container.format.name,
            "duration": _seconds(container.duration, Fraction(1, 1_000_000)),
            "bit_rate": container.bit_rate,
            "tags": container.metadata,
        },
        "streams": [_stream(one, described) for one in container.streams],
        "chapters": [
            {
                "start_time": _seconds(one["start"], one["time_base"]),
                "end_time": _seconds(one["end"], one["time_base"]),
                "tags": one["metadata"],
            }
            for one in container.chapters()
        ],
    }


def _stream(stream: Stream, described: Described) -> dict[str, Any]:
    about = described.get(stream.index)
    if about is None:
        raise PyAVUnable(f"stream {stream.index} was not described")
    found = {
        "index": stream.index,
        "codec_type": stream.type,
        "codec_name": about["codec"],
        "start_time": _seconds(stream.start_time, stream.time_base),
        "duration": _seconds(stream.duration, stream.time_base),
        "nb_frames": stream.frames,
        "disposition": {
            "default": int(av.stream.Disposition.default in stream.disposition),
            "forced": int(av.stream.Disposition.forced in stream.disposition),
            "attached_pic": int(av.stream.Disposition.attached_pic in stream.disposition),
        },
        "tags": stream.metadata,
        "side_data_list": about["side_data"],
    }
    context: CodecContext | None = stream.codec_context  # None: no decoder for it
    if context is not None:
        found |= {
            "codec_name": context.codec.canonical_name,
            "codec_tag_string": "".join(_fourcc(context.codec_tag)),
            "profile": stream.profile,
            "bit_rate": context.bit_rate,
        }
        if isinstance(stream, VideoStream):
            found |= _video(stream)
        elif isinstance(stream, AudioStream):
            found |= _audio(stream)
    elif stream.type in ("video", "audio"):
        raise PyAVUnable(f"no decoder for {about['codec']}")
    return found


def _video(stream: VideoStream) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "width": context.width,
        "height": context.height,
        "pix_fmt": context.pix_fmt,
        "level": context.level,
        "sample_aspect_ratio": _rational(stream.sample_aspect_ratio).replace("/", ":"),
        "avg_frame_rate": _rational(stream.average_rate),
        "r_frame_rate": _rational(stream.base_rate),
        "field_order": av_names.FIELD_ORDER.get(context.field_order),
        "color_range": av_names.COLOR_RANGE.get(context.color_range),
        "color_space": av_names.COLOR_SPACE.get(context.colorspace),
        "color_transfer": av_names.COLOR_TRANSFER.get(context.color_trc),
        "color_primaries": av_names.COLOR_PRIMARIES.get(context.color_primaries),
    }


def _audio(stream: AudioStream) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "channels": context.channels,
        "channel_layout": context.layout.name,
        "sample_rate": context.sample_rate,
        "sample_fmt": context.format.name,
    }


def _describe(container: InputContainer) -> Described:
    """Codec name and side data of each stream, from FFmpeg's description of the file."""
    av.logging.set_level(av.logging.INFO)
    av.logging.set_skip_repeated(False)
    try:
        lines = container.dumps_format().splitlines()  # type: ignore[attr-defined]  # its stub
    finally:
        av.logging.set_level(None)
    found: Described = {}
    current: dict[str, Any] | None = None
    for line in lines:
        if begun := _STREAM.match(line):
            codec = begun[3] if begun[3] != "none" else ""
            current = found[int(begun[1])] = {"codec": codec, "side_data": []}
        elif current is not None and (extra := _SIDE_DATA.match(line)):
            turned = _ROTATION.search(extra[2])
            rotation = {"rotation": turned[1]} if turned else {}
            current["side_data"].append({"side_data_type": extra[1], **rotation})
    return found


def _seconds(count: int | None, unit: Fraction | None) -> str | None:
    """As ffprobe prints it: six decimals of a double."""
    if count is None or unit is None:
        return None
    return f"{count * unit.numerator / unit.denominator:.6f}"


def _rational(value: Fraction | None) -> str:
    return f"{value.numerator}/{value.denominator}" if value else "0/0"


def _fourcc(tag: str) -> Iterable[str]:
    for sign in tag:
        plain = sign.isascii() and (sign.isalnum() or sign in ". -_")
        yield sign if plain else f"[{ord(sign)}]"
