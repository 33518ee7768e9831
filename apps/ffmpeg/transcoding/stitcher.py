"""Makes one picture of chunks: ``python -m apps.ffmpeg.transcoding.stitcher``.

One line of JSON comes on stdin: ``{"chunks": [paths in hexadecimal]}``. The picture goes out on
stdout as NUT, whose units are so fine that no time is rounded. What is wrong goes to stderr, as
one sentence, with the exit status 1.
"""

import heapq
import json
import os
import resource
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream

from apps.ffmpeg.av_probe import open_media
from apps.ffmpeg.source import open_source

_MOST_REORDERED = 16  # frames, by H.264 and HEVC


class ChunksDiffer(Exception):
    """They can't be one picture."""


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    picture = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        stitch([bytes.fromhex(path) for path in order["chunks"]], picture)
    except (ChunksDiffer, av.error.FFmpegError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


def stitch(chunks: list[bytes], to: int) -> None:
    """Write the frames of all chunks, each with its own time, to a file descriptor."""
    with (
        os.fdopen(to, "wb", buffering=1 << 20) as file,
        av.open(file, "w", format="nut", options={"avoid_negative_ts": "disabled"}) as output,
    ):
        target: VideoStream | None = None
        first: Any = None
        order = _Order()
        for path in chunks:
            with open_source(path) as source, open_media(path, head=source.read_head()) as given:
                stream = given.streams.video[0]
                if target is None:
                    target = output.add_stream_from_template(stream)
                    target.time_base = stream.time_base
                    first = _shape(stream)
                elif _shape(stream) != first:
                    raise ChunksDiffer("The chunks were encoded differently.")
                for packet in order.arrange(given.demux(stream), stream.time_base):
                    packet.stream = target
                    output.mux(packet)


def _shape(stream: VideoStream) -> tuple[Any, ...]:
    context = stream.codec_context
    return (
        context.codec.canonical_name, context.width, context.height, context.pix_fmt,
        context.extradata,
    )  # fmt: skip


class _Order:
    """Sees that no chunk reaches into another, and says when each packet is to be decoded.

    A packet is decoded when that is shown which comes so many frames before it: the same for all,
    whatever stood in the chunks.
    """

    def __init__(self) -> None:
        self._shown: list[Fraction] = []
        self._latest: Fraction | None = None
        self._decoded: Fraction | None = None

    def arrange(self, packets: Iterator[Packet], unit: Fraction | None) -> Iterator[Packet]:
        assert unit is not None
        before = self._latest
        for packet in packets:
            if not packet.size:
                continue
            if packet.pts is None:
                raise ChunksDiffer("A frame of a chunk doesn't say when it is shown.")
            at = packet.pts * unit
            if before is not None and at <= before:
                raise ChunksDiffer("A chunk begins before the one before it ends.")
            self._latest = at if self._latest is None else max(self._latest, at)
            packet.dts = self._decode_at(at, unit)
            yield packet

    def _decode_at(self, shown: Fraction, unit: Fraction) -> int:
        if not self._shown:
            self._shown = [shown - (_MOST_REORDERED - n) * unit for n in range(_MOST_REORDERED)]
            heapq.heapify(self._shown)
        return int(heapq.heappushpop(self._shown, shown) / unit)


if __name__ == "__main__":
    main()
