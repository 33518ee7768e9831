"""Writes one piece of a file. In the child only."""

import math
import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet

from apps.ffmpeg.cutting.chaptered import chapters_between
from apps.ffmpeg.cutting.edges import Edges
from apps.ffmpeg.cutting.footage import Footage, open_footage, time_of
from apps.ffmpeg.cutting.nal import parameter_sets
from apps.ffmpeg.cutting.orders import CutFailed, Piece, Written
from apps.ffmpeg.cutting.stretch import Clock, Stretch, copied_stretch

Told = Callable[[int, int], None]

_SLACK_S = 4.0  # how far the streams of a file may be apart
_MOST_SLACK_S = 60.0  # how far sound may come behind its picture
_OUR_OWN = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "duration"})
_STATISTICS = ("BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_")


def write_piece(
    path: bytes, output: bytes, piece: Piece, *, muxer: str, told: Told = lambda _done, _all: None
) -> Written:
    """Write a piece of the file at ``path`` to the new file ``output``.

    ``told`` hears of milliseconds done and to be done. Raises MediaRefused, CutFailed, OSError.
    """
    pictures = _attached_pictures(path)
    with open_footage(path) as footage:  # looking for key frames moves about in a file
        stretch = copied_stretch(footage, piece)
        anew = stretch is None and not footage.is_turned()
    with open_footage(path) as footage:
        target = "file:" + os.fsdecode(os.path.abspath(output))
        options = {"brand": "M4A "} if muxer == "ipod" else {}  # that one refuses covers
        muxer = "mp4" if muxer == "ipod" else muxer
        with av.open(
            target, "w", format=muxer, options=options, metadata_errors="replace"
        ) as container:
            try:
                written = _Piece(footage, container, piece, stretch, told, anew=anew).write(
                    pictures
                )
            except (av.error.FFmpegError, ValueError) as error:
                raise CutFailed(f"The piece could not be written: {error}.") from error
    return written


def _attached_pictures(path: bytes) -> dict[int, bytes]:
    """They come before all else, and not again after a seek."""
    found: dict[int, bytes] = {}
    with open_footage(path) as footage:
        wanted = {stream.index for stream in footage.pictures}
        if wanted:
            for number, packet in enumerate(footage.container.demux(*footage.pictures)):
                found.setdefault(packet.stream_index, bytes(packet))
                if number > 10 or wanted <= set(found):
                    break
    return {index: data for index, data in found.items() if data}


class _Piece:
    """One piece under way."""

    def __init__(
        self,
        footage: Footage,
        container: OutputContainer,
        piece: Piece,
        stretch: Stretch | None,
        told: Told,
        *,
        anew: bool,
    ) -> None:
        self._footage, self._container, self._piece, self._told = footage, container, piece, told
        self._start = footage.zero if piece.start is None else piece.start
        self._end = piece.end
        guide = footage.guide
        self._codec, self._anew = footage.codec, anew
        self._is_video = guide.type == "video"
        self._streams: dict[int, Any] = {}
        self._last_dts: dict[int, int] = {}
        self._frames = self._encoded = self._others = self._until = 0
        self._waited = {s.index for s in footage.others if s.type == "audio"}
        self._edges: Edges | None = None
        self._copying = False
        self._copy = (stretch.first, stretch.last) if stretch else None
        leading = stretch.leading if stretch else 0
        self._clock = Clock(self._depth(), max(1, self._step()), leading)

    def write(self, pictures: dict[int, bytes]) -> Written:
        self._add_streams()
        self._container.set_chapters(chapters_between(self._footage, self._start, self._end))
        for index, data in pictures.items():
            if index in self._streams:
                self._mux_picture(index, data)
        if self._piece.start is not None:
            self._footage.seek(self._start, before_s=_SLACK_S)
        self._pass_all()
        if self._edges:
            self._take_encoded(self._edges.finish())
        if not self._frames:
            raise CutFailed("There is nothing between these two places.")
        return self._written()

    def _written(self) -> Written:
        until = self._ms(self._until)
        head, tail = 0, until
        if self._edges:
            first, last = self._copy or (self._until, None)
            head, tail = self._ms(first), until if last is None else self._ms(last)
        return Written(
            self._frames, self._encoded, self._others, until, len(self._streams), head, tail,
            self._clock.leading,
        )  # fmt: skip

    def _ms(self, time: int) -> int:
        return round((time - self._start) * self._footage.tick * 1_000)

    def _add_streams(self) -> None:
        footage = self._footage
        for stream in (footage.guide, *footage.others, *footage.pictures):
            if stream is footage.guide and self._piece.mode != "copy" and self._is_video:
                self._edges = Edges(footage, like_source=not self._anew)
            if stream is footage.guide and self._edges and self._anew:
                made = self._edges.add_stream(self._container)
            else:
                made = self._container.add_stream_from_template(stream, opaque=True)
            kept = {
                name: value for name, value in stream.metadata.items()
                if not name.upper().startswith(_STATISTICS) and name not in _OUR_OWN
            }  # fmt: skip
            made.metadata.update(kept)
            made.disposition = stream.disposition
            self._streams[stream.index] = made
        general = footage.container.metadata
        kept = {name: value for name, value in general.items() if name not in _OUR_OWN}
        self._container.metadata.update(kept)

    def _pass_all(self) -> None:
        """Read on until every stream has passed the end."""
        streams = (self._footage.guide, *self._footage.others)
        late, latest = self._late(_SLACK_S), self._late(_MOST_SLACK_S)
        for packet in self._footage.container.demux(*streams):
            if not packet.size:
                continue
            if packet.stream_index == self._footage.guide.index:
                if (packet.dts or time_of(packet)) >= (latest if self._waited else late):
                    break
                self._take_guide(packet)
            else:
                self._take_other(packet)

    def _late(self, slack_s: float) -> float:
        return math.inf if self._end is None else self._end + slack_s / self._footage.tick

    def _take_guide(self, packet: Packet) -> None:
        at = time_of(packet)
        if not self._is_video:
            begun = self._piece.start is None or at >= self._start  # some begin before 0
            if begun and (self._end is None or at < self._end):
                self._frames += 1
                self._until = at + (packet.duration or 0)
                self._mux_other(packet, at)
            return
        if self._is_copied(packet, at):
            self._take_copied(packet, at)
        elif self._edges:
            self._take_encoded(self._edges.take(packet, self._start, self._end, self._copy))
        self._told(self._footage.ms(at), self._footage.ms(self._end) if self._end else 0)

    def _is_copied(self, packet: Packet, at: int) -> bool:
        """Between the first key frame that is copied and the one after the last, as decoded."""
        if self._copy is None:
            return False
        first, last = self._copy
        if packet.is_keyframe and (self._piece.start is None or at >= first):
            self._copying = last is None or at < last
        return self._copying

    def _take_copied(self, packet: Packet, at: int) -> None:
        if self._edges:
            self._take_encoded(self._edges.finish_head())
            if packet.is_keyframe:
                context = self._footage.guide.codec_context
                sets = parameter_sets(self._codec, context.extradata or b"")
                if self._codec in {"h264", "hevc"} and sets:
                    packet = _with_data(packet, sets + bytes(packet))
        self._mux_video(packet, at, packet.duration or 0)

    def _take_encoded(self, packets: list[tuple[Packet, int]]) -> None:
        for packet, at in packets:
            self._encoded += 1
            self._mux_video(packet, at, 0)

    def _mux_video(self, packet: Packet, at: int, duration: int) -> None:
        self._frames += 1
        self._until = max(self._until, at + (duration or self._step()))
        stream = self._streams[self._footage.guide.index]
        has_pts = packet.pts is not None
        pts = at - self._start
        packet.dts = self._clock.next(pts) if has_pts else pts
        packet.pts = pts if has_pts else None
        packet.time_base = self._footage.guide.time_base
        packet.stream = stream
        self._mux(packet)

    def _take_other(self, packet: Packet) -> None:
        time = Fraction(time_of(packet)) * packet.time_base
        tick = self._footage.tick
        begun = self._piece.start is None or time >= self._start * tick
        if self._end is not None and time >= self._end * tick:
            self._waited.discard(packet.stream_index)
        elif begun:
            self._others += 1
            self._mux_other(packet, time_of(packet))

    def _mux_other(self, packet: Packet, at: int) -> None:
        index = packet.stream_index
        shift = round(self._start * self._footage.tick / packet.time_base)
        dts = (packet.dts if packet.dts is not None else at) - shift
        if index in self._last_dts and dts <= self._last_dts[index]:
            dts = self._last_dts[index] + 1
        self._last_dts[index] = dts
        if packet.pts is not None:
            packet.pts = max(packet.pts - shift, dts)
        packet.dts = dts
        packet.stream = self._streams[index]
        self._mux(packet)

    def _mux_picture(self, index: int, data: bytes) -> None:
        packet = Packet(data)
        packet.pts = packet.dts = 0
        packet.time_base = Fraction(1, 1_000)
        packet.is_keyframe = True
        packet.stream = self._streams[index]
        self._mux(packet)

    def _mux(self, packet: Packet) -> None:
        self._container.mux_one(packet)

    def _depth(self) -> int:
        if not self._is_video:
            return 0
        return max(int(self._footage.guide.codec_context.reorder_depth), 0)

    def _step(self) -> int:
        """A frame's usual length in the guide's units."""
        rate = Fraction(getattr(self._footage.guide, "average_rate", None) or 25)
        return round(1 / rate / self._footage.tick)


def _with_data(packet: Packet, data: bytes) -> Packet:
    """A packet of other bytes, alike in all else."""
    made = Packet(data)
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.time_base, made.is_keyframe = packet.time_base, packet.is_keyframe
    return made
