"""One ffmpeg that makes segments from one on, as far as it is read."""

import fcntl
import json
import os
import re
import selectors
import subprocess
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Self

from apps.core import process
from apps.ffmpeg.commands.hls import Recipe, Stretch, segments
from apps.ffmpeg.fragments import Beginning, Fragment, NoFragments, Splitter
from apps.playback.services.hls.place import INIT, Place

_PIPE_BYTES = 1 << 20
_SAID_BYTES = 4_096
_TOLERANCE_S = 0.1  # times of fragments against the playlist's
_SPEAKER = re.compile(r"^\[[^]]* @ 0x[0-9a-f]+\] ", re.MULTILINE)
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All that an encoder must know of a stream, whichever process it runs in."""

    program: str
    path: bytes
    recipe: Recipe
    starts_s: Sequence[float]
    duration_s: float
    segment_s: float

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "path": os.fsdecode(self.path)})

    @classmethod
    def from_json(cls, told: str) -> Self:
        found = json.loads(told)
        path, recipe = os.fsencode(found.pop("path")), Recipe(**found.pop("recipe"))
        return cls(path=path, recipe=recipe, **found)


class Encoder:
    """Makes the segments from ``first`` on; ``position`` is the one that comes next.

    ``skipped`` are those of which the file has nothing, whatever its index says.
    """

    def __init__(self, place: Place, stream: str, order: Order, *, first: int) -> None:
        self.first = self.position = first
        self.skipped: set[int] = set()
        self.ended = self.has_ended_by_itself = False
        self.reason = ""
        self._place, self._stream, self._order = place, stream, order
        self._splitter = Splitter()
        self._parts: list[bytes] = []
        self._said = b""
        stretch = Stretch(
            number=first, start_s=order.starts_s[first], end_s=order.duration_s,
            segment_s=order.segment_s,
        )  # fmt: skip
        command = segments(order.program, order.path, order.recipe, stretch)
        self._process = process.spawn(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._out, self._err = self._process.stdout.fileno(), self._process.stderr.fileno()
        self._open = {self._out, self._err}
        with suppress(OSError):  # a kindness of the kernel, not needed
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def work(self, *, timeout_s: float, reading: bool) -> None:
        """Wait for what ffmpeg writes and store it; without ``reading`` only for what it says."""
        with selectors.DefaultSelector() as selector:
            for fd in self._open - (set() if reading else {self._out}):
                selector.register(fd, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(timeout_s)}
        if self._err in ready:
            self._said = (self._said + self._read(self._err))[-_SAID_BYTES:]
        if self._out in ready:
            self._take(self._read(self._out))
        if not self._open:
            self._finish()

    def close(self) -> None:
        """End it, wherever it is."""
        self.ended = True
        if self._process.returncode is None:  # else its number may be another program's by now
            process.kill(self._process)

    def _read(self, fd: int) -> bytes:
        part = os.read(fd, _PIPE_BYTES)
        if not part:
            self._open.remove(fd)
        return part

    def _take(self, part: bytes) -> None:
        try:
            for piece in self._splitter.feed(part):
                if isinstance(piece, Beginning):
                    self._place.put(self._stream, INIT, piece.content)
                else:
                    self._add(piece)
        except NoFragments as error:
            self.reason = str(error)
            self.has_ended_by_itself = True
            self.close()

    def _add(self, fragment: Fragment) -> None:
        """A fragment belongs to the segment in which it begins, and may be its last."""
        starts = self._order.starts_s
        number = bisect_right(starts, fragment.start_s + _TOLERANCE_S) - 1
        if number < self.position:
            return
        if number > self.position:
            self._complete(number)
        self._parts.append(fragment.content)
        following = bisect_right(starts, fragment.end_s + _TOLERANCE_S) - 1
        if following > self.position:
            self._complete(following)

    def _complete(self, following: int) -> None:
        if self._parts:
            self._place.put(self._stream, self.position, b"".join(self._parts))
            self._parts.clear()
            self.position += 1
        self.skipped |= set(range(self.position, following))
        self.position = following

    def _finish(self) -> None:
        """Both pipes are closed: judge how it ended."""
        self.ended = self.has_ended_by_itself = True
        status = self._process.wait()
        if self._parts:
            self._complete(self.position + 1)
        if status:
            self.reason = _sentence(self._said.decode("utf-8", "replace"), status)
        process.kill(self._process)


def _sentence(said: str, status: int) -> str:
    """The last thing that ffmpeg said, without addresses."""
    lines = [line.strip() for line in _SPEAKER.sub("", said).splitlines() if line.strip()]
    last = lines[-1][:_LONGEST_REASON] if lines else f"it ended with status {status}"
    return f"ffmpeg could not convert this file: {last.rstrip('.')}."
