"""Runs one ffmpeg to its end: follows it, halts it, and ends it when it may not or can't go on.

That it ended well says nothing of what it wrote: ``checking`` does.
"""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from apps.core import process
from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.ffmpeg.transcoding.liveness import Liveness
from apps.ffmpeg.transcoding.progress import Pace, ProgressReader, Tick
from apps.ffmpeg.transcoding.words import Words

STALL_S = 300.0
_TURN_S = 0.5
HELD_EVERY_S = 3.0
_PART_BYTES = 1 << 16
_FORESEEN_FROM = 0.1  # of the whole: before that much, a size is no more than a guess
_DOUBT = 0.25  # added to the limit at first, less and less: films rarely begin as they go on
_UNFINISHED = 0.99


class Stalled(MediaHubError):
    """ffmpeg did nothing for too long; what it had written was removed."""

    code = "transcode_stalled"


class TooLarge(MediaHubError):
    """The output is, or will be, larger than it may be; what was written was removed."""

    code = "transcode_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How ffmpeg ended by itself.

    ``lines`` are what it said on stderr, the first and the last of it, of which ``left_out`` are
    missing. ``held_s`` of ``wall_s`` seconds it was halted. The output is there only if
    ``returncode`` is 0.
    """

    returncode: int
    lines: tuple[str, ...] = ()
    left_out: int = 0
    out_ms: int = 0
    frames: int | None = None
    repeated: int = 0
    dropped: int = 0
    size_bytes: int = 0
    wall_s: float = 0.0
    held_s: float = 0.0


def never_held() -> str:
    """Nothing asks for a halt."""
    return ""


def encode(
    command: Sequence[str | bytes],
    *,
    duration_ms: int,
    output: bytes,
    report: Progress = silent,
    held: Callable[[], str] = never_held,
    held_every_s: float = HELD_EVERY_S,
    stall_s: float = STALL_S,
    most_bytes: int | None = None,
    stdin: IO[bytes] | None = None,
) -> Ended:
    """Run ffmpeg's ``command``, which writes the file ``output``, to its end.

    ``report`` is told milliseconds of ``duration_ms`` (0: not known), with ``phase`` (encoding,
    finishing, held), ``fps``, ``speed``, ``eta_s``, ``size_bytes`` and ``held``; what it raises
    ends ffmpeg at once. While ``held`` (asked every ``held_every_s``) gives a reason, ffmpeg and
    all that it started is halted. ``stdin`` is what it reads there (nothing). Whatever is written
    of an output that isn't finished is removed.

    Raises Stalled after ``stall_s`` without progress, reading or work of the processor; TooLarge
    if the output comes to more than ``most_bytes``; ProcessFailed if ffmpeg can't be started.
    """
    return _run(
        command, duration_ms=duration_ms, output=output, report=report, held=held,
        held_every_s=held_every_s, stall_s=stall_s, most_bytes=most_bytes, stdin=stdin,
    )  # fmt: skip


def follow(
    command: Sequence[str | bytes],
    *,
    duration_ms: int,
    report: Progress = silent,
    stall_s: float = STALL_S,
) -> Ended:
    """Run an ffmpeg that writes no file, as ``encode`` does. Raises Stalled, ProcessFailed."""
    return _run(
        command, duration_ms=duration_ms, output=None, report=report, held=never_held,
        held_every_s=HELD_EVERY_S, stall_s=stall_s, most_bytes=None,
    )  # fmt: skip


def _run(
    command: Sequence[str | bytes],
    *,
    duration_ms: int,
    output: bytes | None,
    report: Progress,
    held: Callable[[], str],
    held_every_s: float,
    stall_s: float,
    most_bytes: int | None,
    stdin: IO[bytes] | None = None,
) -> Ended:
    began = time.monotonic()
    with _following(command, output, stdin) as child:
        run = _Run(
            child, output=output, duration_ms=duration_ms, report=report, held=held,
            held_every_s=held_every_s, stall_s=stall_s, most_bytes=most_bytes,
        )  # fmt: skip
        returncode = run.follow()
        size = _size(output)
        if returncode == 0:
            report(duration_ms or run.tick.out_ms or 0, duration_ms or None, phase="finished")
        else:
            _remove(output)
    return Ended(
        returncode=returncode, lines=run.words.lines(), left_out=run.words.left_out,
        out_ms=run.tick.out_ms or 0, frames=run.tick.frames, repeated=run.tick.repeated,
        dropped=run.tick.dropped, size_bytes=size if returncode == 0 else 0,
        wall_s=time.monotonic() - began, held_s=run.held_s,
    )  # fmt: skip


@contextmanager
def _following(
    command: Sequence[str | bytes], output: bytes | None, stdin: IO[bytes] | None
) -> Iterator["subprocess.Popen[bytes]"]:
    """The process; however the block is left, nothing of it lives on."""
    child = process.spawn(
        _with_progress(command), stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield child
    except BaseException:
        process.kill(child)
        _remove(output)  # a TERM would have left a file that is short and yet plays
        raise
    process.kill(child)


def _with_progress(command: Sequence[str | bytes]) -> list[str | bytes]:
    if "-progress" in command:
        return list(command)
    return [command[0], "-progress", "pipe:1", "-nostats", *command[1:]]


class _Run:
    """One run under way."""

    def __init__(
        self,
        child: "subprocess.Popen[bytes]",
        *,
        output: bytes | None,
        duration_ms: int,
        report: Progress,
        held: Callable[[], str],
        held_every_s: float,
        stall_s: float,
        most_bytes: int | None,
    ) -> None:
        self.tick, self.words, self.held_s = Tick(), Words(), 0.0
        self._child, self._output, self._duration_ms = child, output, duration_ms
        self._report, self._held, self._most_bytes = report, held, most_bytes
        self._reader, self._pace = ProgressReader(), Pace()
        self._liveness = Liveness(child.pid, patience_s=stall_s)
        self._asked_at, self._held_every_s = time.monotonic(), held_every_s

    def follow(self) -> int:
        """Until ffmpeg has ended, whose exit status it is, or until something ends it."""
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ, self._hear_progress)
            selector.register(self._child.stderr, selectors.EVENT_READ, self.words.feed)
            told_at = 0.0
            while self._hear(selector):
                self._hold()
                if (now := time.monotonic()) - told_at >= _TURN_S:
                    told_at = now
                    self._tell()
        return self._child.wait()

    def _hear(self, selector: selectors.BaseSelector) -> bool:
        """What comes within a turn; whether there may be more."""
        if not selector.get_map():  # the last words are out: it ends now, or hangs
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_TURN_S)
            return self._child.poll() is None
        found = selector.select(_TURN_S)
        for key, _ in found:
            if part := os.read(key.fd, _PART_BYTES):
                key.data(part)
            else:
                selector.unregister(key.fileobj)
        return bool(found) or self._child.poll() is None

    def _hear_progress(self, part: bytes) -> None:
        for tick in self._reader.feed(part):
            self.tick = tick
            if tick.out_ms is not None:
                self._pace.note(tick.out_ms, at_s=time.monotonic() - self.held_s)

    def _hold(self) -> None:
        """Halt ffmpeg while there is a reason to."""
        if time.monotonic() - self._asked_at < self._held_every_s:
            return
        if reason := self._held():
            began = time.monotonic()
            process.suspend(self._child)
            while reason:
                self._wait(reason)
                reason = self._held()
            process.resume(self._child)
            self.held_s += time.monotonic() - began
            self._liveness.forgive(time.monotonic() - began)
        self._asked_at = time.monotonic()

    def _wait(self, reason: str) -> None:
        until = time.monotonic() + self._held_every_s
        while time.monotonic() < until:
            self._report(self._done_ms(), self._duration_ms or None, phase="held", held=reason)
            time.sleep(min(_TURN_S, self._held_every_s))

    def _tell(self) -> None:
        size = self.tick.size_bytes or 0
        self._bound(size)
        self._liveness.look(progress=(self.tick.out_ms, self.tick.frames, _size(self._output)))
        if self._liveness.is_stalled:
            raise Stalled(
                f"ffmpeg has done nothing for {self._liveness.idle_s:.0f} s: does the disk or the "
                "graphics card still answer? It was ended."
            )
        left_ms = max(0, self._duration_ms - (self.tick.out_ms or 0))
        finishing = bool(self._duration_ms) and left_ms <= (1 - _UNFINISHED) * self._duration_ms
        self._report(
            self._done_ms(), self._duration_ms or None,
            phase="finishing" if finishing else "encoding",
            fps=self.tick.fps, speed=self._pace.speed and round(self._pace.speed, 3),
            eta_s=self._pace.eta_s(left_ms) if self._duration_ms else None, size_bytes=size,
        )  # fmt: skip

    def _done_ms(self) -> int:
        """All of it is done only when ffmpeg has ended: at the end it may copy the file once."""
        done = self.tick.out_ms or 0
        return min(done, int(self._duration_ms * _UNFINISHED)) if self._duration_ms else done

    def _bound(self, size: int) -> None:
        if self._most_bytes is None:
            return
        share = (self.tick.out_ms or 0) / self._duration_ms if self._duration_ms else 0.0
        share = min(1.0, share)
        foreseen = size / share if share >= _FORESEEN_FROM else 0.0
        if size > self._most_bytes or foreseen > self._most_bytes * (1 + _DOUBT * (1 - share)):
            raise TooLarge(
                f"After {share:.0%} the output has {size:,} bytes; it would come to more than the "
                f"{self._most_bytes:,} that it may have. Encode it with lower quality, or leave it."
            )


def _size(path: bytes | None) -> int:
    with suppress(OSError):
        return os.stat(path).st_size if path else 0
    return 0


def _remove(path: bytes | None) -> None:
    if path:
        with suppress(FileNotFoundError):
            os.unlink(path)
