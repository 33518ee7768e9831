"""Encodes pictures before and after those that are copied, as like them as can be."""

from fractions import Fraction
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

from apps.ffmpeg.cutting.footage import Footage, time_of
from apps.ffmpeg.cutting.nal import like
from apps.ffmpeg.cutting.orders import ENCODERS, CutFailed

_OPTIONS = {
    "libx264": {"crf": "16", "preset": "medium", "bf": "0", "x264-params": "scenecut=0"},
    "libx265": {"crf": "18", "preset": "fast", "bf": "0",
                "x265-params": "log-level=none:repeat-headers=1:bframes=0"},
    "libvpx": {"crf": "8", "b": "0", "deadline": "good", "cpu-used": "4", "auto-alt-ref": "0",
               "lag-in-frames": "0"},
    "libvpx-vp9": {"crf": "18", "b": "0", "deadline": "good", "cpu-used": "4",
                   "auto-alt-ref": "0", "lag-in-frames": "0"},
    "libsvtav1": {"crf": "20", "preset": "8", "svtav1-params": "pred-struct=1"},
}  # fmt: skip
Encoded = list[tuple[Packet, int]]


class Edges:
    """Frames in, packets out, each with its time in the guide's units.

    ``like_source``: packets are to look as those of the source do, whose stream they go into.
    """

    def __init__(self, footage: Footage, *, like_source: bool) -> None:
        self._footage = footage
        self._guide = footage.guide
        self._source = footage.guide.codec_context
        self._like_source = like_source
        self._encoder: Any = None
        self._stream: Any = None
        self._decoder: Any = None
        self._in_head = True
        self._begun = False
        self._range: tuple[int, int | None] = (0, None)

    def add_stream(self, container: OutputContainer) -> Any:
        """The stream of a piece that is encoded whole."""
        self._stream = container.add_stream(self._name(), rate=self._rate())
        self._set_up(self._stream.codec_context)
        return self._stream

    def take(
        self, packet: Packet, start: int, end: int | None, copy: tuple[int, int | None] | None
    ) -> Encoded:
        """A packet of the guide that isn't copied: what of it lies in the piece, encoded."""
        at = time_of(packet)
        if copy is not None:
            if self._in_head and at < copy[0]:
                end = copy[0]
            elif copy[1] is not None and at >= copy[1]:
                self._in_head, start = False, copy[1]
            elif self._in_head:
                end = copy[0]
            else:
                start = copy[1] if copy[1] is not None else at
        self._range = start, end
        if not self._begun:
            if not packet.is_keyframe:
                return []
            self._begun = True
        packet.stream = self._guide
        return self._encode_all(self._decode(packet))

    def finish_head(self) -> Encoded:
        """The copied stretch begins: what is still under way."""
        if not self._in_head:
            return []
        self._in_head = False
        return self.finish()

    def finish(self) -> Encoded:
        if not self._begun:
            return []
        made = self._encode_all(self._decode(None))
        if self._encoder is not None:
            made += self._packets(self._encoder.encode(None))
        self._decoder = self._encoder = None
        self._begun = False
        return made

    def _decode(self, packet: Packet | None) -> list[VideoFrame]:
        if self._decoder is None:
            self._decoder = av.CodecContext.create(self._source.name, "r")
            self._decoder.extradata = self._source.extradata
            self._decoder.thread_type = "AUTO"
        frames: list[VideoFrame] = self._decoder.decode(packet)
        return frames

    def _encode_all(self, frames: list[VideoFrame]) -> Encoded:
        made: Encoded = []
        start, end = self._range
        for frame in frames:
            at = frame.pts
            if at is None or at < start or (end is not None and at >= end):
                continue
            if self._encoder is None:
                self._encoder = self._make_encoder()
            frame.time_base = self._footage.tick
            frame.pict_type = 0
            made += self._packets(self._encoder.encode(frame))
        return made

    def _packets(self, packets: list[Packet]) -> Encoded:
        tick = self._footage.tick
        return [
            (self._dressed(packet), round(Fraction(time_of(packet)) * packet.time_base / tick))
            for packet in packets
        ]

    def _dressed(self, packet: Packet) -> Packet:
        """As the source's packets look, if it goes among them."""
        codec = self._footage.codec
        if not self._like_source or codec not in {"h264", "hevc"}:
            return packet
        made = Packet(like(codec, bytes(packet), self._source.extradata or b""))
        made.is_keyframe, made.pts = packet.is_keyframe, packet.pts
        return made

    def _make_encoder(self) -> Any:
        if self._stream is not None:
            return self._stream.codec_context
        encoder = av.CodecContext.create(self._name(), "w")
        self._set_up(encoder)
        return encoder

    def _set_up(self, encoder: Any) -> None:
        source = self._source
        encoder.width, encoder.height = source.width, source.height
        encoder.pix_fmt = source.pix_fmt
        encoder.time_base = self._footage.tick
        encoder.framerate = self._rate()
        if source.sample_aspect_ratio:
            encoder.sample_aspect_ratio = source.sample_aspect_ratio
        for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(encoder, name, getattr(source, name))
        encoder.options = dict(_OPTIONS.get(encoder.name, {}))

    def _name(self) -> str:
        name = ENCODERS.get(self._footage.codec)
        if name is None:
            raise CutFailed(f"There is no encoder for {self._footage.codec}: cut at key frames.")
        return name

    def _rate(self) -> Fraction:
        return Fraction(self._guide.average_rate or 25)
