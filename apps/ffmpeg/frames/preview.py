"""Makes a short muted clip of pieces of a video, to be played under the mouse."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from apps.ffmpeg import tone
from apps.ffmpeg.frames import render
from apps.ffmpeg.frames.sprite import nearest
from apps.ffmpeg.frames.video import BROKEN, Video
from apps.ffmpeg.messages import Made, MadeFile
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import PreviewOptions

_MOST_RATE = Fraction(30)
_LEAST_RATE = Fraction(5)  # of slide shows: so that a piece isn't a single frame
_USUAL_RATE = Fraction(25)
_LUT = "preview.cube"
_CLIP = b"preview.mp4"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that begins at ``at_us``, or at the key frame of ``ticks``."""

    at_us: int
    ticks: int | None


def make_preview(video: Video, options: PreviewOptions, folder: bytes) -> Made:
    """Write the clip. Raises MediaRefused and what BROKEN names."""
    length_us = video.length_us or video.find_length()
    if not length_us:
        raise MediaRefused(Reason.NO_DURATION)
    path = os.path.join(folder, _CLIP)
    starts_ms: list[int] = []
    try:
        open(path, "wb").close()  # says what is wrong with the folder, if anything
    except OSError as error:
        raise MediaRefused(Reason.NOT_WRITTEN, error.strerror or "") from error
    try:
        with av.open(os.fsdecode(path), "w", options={"movflags": "+faststart"}) as output:
            clip = _Clip(video, options, output, folder)
            for piece in pieces(video, options, length_us):
                video.beat()
                began_ms = clip.add(piece, _piece_us(options, length_us))
                starts_ms += [] if began_ms is None else [began_ms]
            width, height = clip.finish()
        size = os.stat(path).st_size
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    finally:
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, _LUT.encode()))
    file = MadeFile(name="clip", path=path, size_bytes=size, width=width, height=height)
    data = {"duration_ms": clip.duration_ms, "width": width, "height": height,
            "starts_ms": starts_ms}  # fmt: skip
    return Made(kind="preview", files=(file,), data=data)


def pieces(video: Video, options: PreviewOptions, length_us: int) -> list[Piece]:
    """Where the pieces begin: at key frames near even places, exactly there if these are few."""
    piece_us = options.segment_ms * 1000
    if length_us <= options.segments * piece_us:
        return [Piece(0, video.ticks(0))]
    step_us = length_us / options.segments
    begins = [round(i * step_us + (step_us - piece_us) / 2) for i in range(options.segments)]
    if not (keys := video.key_times):
        return [Piece(at, video.ticks(at)) for at in begins]
    keys = [key for key in keys if key <= video.ticks(max(length_us - piece_us, 0))]
    found = nearest(keys, [video.ticks(at) for at in begins]) if keys else []
    if len(found) * 2 < len(begins):
        return [Piece(at, None) for at in begins]
    apart = piece_us / 1_000_000 / video.tick
    kept: list[int] = []
    for key in found:
        if not kept or key - kept[-1] >= apart:
            kept.append(key)
    return [Piece(0, key) for key in kept]


def _piece_us(options: PreviewOptions, length_us: int) -> int:
    return (
        min(options.segment_ms * 1000, length_us)
        if (length_us > options.segments * options.segment_ms * 1000)
        else length_us
    )


class _Clip:
    """The clip that is written: frames of even size at a constant rate."""

    def __init__(
        self, video: Video, options: PreviewOptions, output: OutputContainer, folder: bytes
    ) -> None:
        self._video = video
        self._options = options
        self._output = output
        self._folder = folder
        self._rate = frame_rate(video.stream)
        self._stream: VideoStream | None = None
        self._chain: render.Filtered | None = None
        self._count = 0

    @property
    def duration_ms(self) -> int:
        return round(self._count / self._rate * 1000)

    def add(self, piece: Piece, length_us: int) -> int | None:
        """Encode a piece; the time of its first frame in the video, None if it can't be decoded."""
        try:
            frames = self._frames(piece)
            first = next(frames, None)
        except (*BROKEN, LookupError):
            return None
        if first is None:
            return None
        for frame in self._paced(first, frames, length_us):
            self._encode(frame)
        return self._video.ms(first)

    def finish(self) -> tuple[int, int]:
        """Width and height. Raises MediaRefused if there is nothing."""
        if self._stream is None:
            raise MediaRefused(Reason.UNDECODABLE)
        self._output.mux(self._stream.encode(None))
        return self._stream.width, self._stream.height

    def _frames(self, piece: Piece) -> Iterator[VideoFrame]:
        if piece.ticks is not None:
            return self._video.frames_from(piece.ticks)
        return self._video.frames_at(piece.at_us)

    def _paced(
        self, first: VideoFrame, frames: Iterator[VideoFrame], length_us: int
    ) -> Iterator[VideoFrame]:
        """At each tick of the clip the frame that is shown then; fewer at the video's end."""
        each = 1 / self._rate / self._video.tick
        begin = first.pts or 0
        shown, following = first, _next(frames)
        converted: VideoFrame | None = None
        for number in range(max(round(length_us / 1_000_000 * self._rate), 1)):
            at = begin + number * each
            if following is None and number and at >= (shown.pts or 0) + each:
                return
            while following is not None and (following.pts or 0) <= at:
                shown, following = following, _next(frames)
                converted = None
            if converted is None:
                converted = self._convert(shown)
            yield converted

    def _convert(self, frame: VideoFrame) -> VideoFrame:
        if self._chain is None:
            self._open(frame)
        assert self._chain is not None
        return self._chain(frame, self._video.shape(frame), self._video.tick)

    def _encode(self, frame: VideoFrame) -> None:
        assert self._stream is not None
        frame.pts = self._count
        frame.time_base = 1 / self._rate
        frame.pict_type = 0  # the encoder chooses
        self._output.mux(self._stream.encode(frame))
        self._count += 1

    def _open(self, frame: VideoFrame) -> None:
        width, height = self._video.shape(frame).shown(frame)
        scale = min(1.0, self._options.width / width)
        size = [max(round(side * scale / 2) * 2, 2) for side in (width, height)]
        stream = self._output.add_stream("libx264", rate=self._rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = 1
        context.options = {"preset": "veryfast", "crf": str(self._options.crf), "profile": "high"}
        context.color_range = 1  # as television has it
        is_hdr = render.is_hdr(frame)
        context.colorspace = 1 if is_hdr else frame.colorspace
        self._chain = self._hdr(frame, *size) if is_hdr else _sdr(*size)
        self._stream = stream

    def _hdr(self, frame: VideoFrame, width: int, height: int) -> render.Filtered:
        path = os.path.join(self._folder, _LUT.encode())
        with open(path, "w") as file:
            file.write(tone.cube(render.transfer(frame)))
        return render.Filtered(
            ("scale", f"{width}:{height}:in_color_matrix=bt2020:threads=1"),
            ("format", "gbrp10"),
            ("lut3d", os.fsdecode(path)),
            ("scale", "out_color_matrix=bt709:out_range=tv"),
            ("format", "yuv420p"),
        )


def frame_rate(stream: VideoStream) -> Fraction:
    """That of the video as far as it is sensible, at most 30."""
    rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
    return min(max(rate, _LEAST_RATE), _MOST_RATE).limit_denominator(1001)


def _sdr(width: int, height: int) -> render.Filtered:
    return render.Filtered(("scale", f"{width}:{height}:out_range=tv"), ("format", "yuv420p"))


def _next(frames: Iterator[VideoFrame]) -> Any:
    """The next frame, None at the end or where nothing more can be decoded."""
    try:
        return next(frames, None)
    except BROKEN:
        return None
