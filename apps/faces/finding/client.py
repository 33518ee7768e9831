"""Our side of the child that looks for faces."""

import fcntl
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any, Self

import apps
from apps.core import process
from apps.core.errors import MediaHubError
from apps.faces.finding import messages
from apps.faces.finding.messages import (
    MOST_TRACKS,
    FindRequest,
    FindWay,
    Floats,
    Found,
    FoundTrack,
    WrongAnswer,
)
from apps.ffmpeg import wire
from apps.ffmpeg.reasons import MediaRefused, Reason

_SOURCES = Path(apps.__file__).parents[1]
# Nothing secret of ours goes to a process that reads hostile files. One thread: what counts is CPU
# time, and each more would take address space from the limit.
_ENVIRONMENT = {
    "PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
}  # fmt: skip
_START_S = 60.0  # to load Python and the models, on a busy machine
_TURN_S = 0.5
_PART_BYTES = 1 << 20
_REAP_S = 0.5
_RECYCLE_AFTER = 1_000  # files; leaks and fragmented memory end with the process
_CROPS_AT_ONCE = 200

Told = Callable[[int, int], None]


class FinderBroken(MediaHubError):
    """The child ends before it looks at anything; nothing can be found."""

    code = "face_finder_broken"
    status = 500


def _silent(_done: int, _total: int) -> None:
    """Told of progress that nobody watches."""


class Finder:
    """One child process that looks for faces; a context manager, to be used from one thread.

    It is started when it is first needed, and anew when a file took it down: that file's answer is
    an error. ``silence_s`` is how long it may say nothing, ``most_s`` how long one file may take,
    ``memory_bytes`` its address space.
    """

    def __init__(
        self, *, silence_s: float = 60.0, most_s: float = 3_600.0, memory_bytes: int = 4 << 30
    ) -> None:
        self._silence_s, self._most_s = silence_s, most_s
        self._memory_bytes = memory_bytes
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._answered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child. The finder may be used again."""
        if self._child is not None:
            process.kill(self._child, patience_s=_REAP_S)
        self._child = None
        self._buffer.clear()
        self._answered = 0

    @property
    def pid(self) -> int | None:
        """Of the child that runs now."""
        return self._child.pid if self._child else None

    def find(self, request: FindRequest, *, told: Told = _silent) -> Found:
        """Look through a video. ``told`` is called with the frames that were looked at and their
        number several times a second, and may raise to end it. Raises FinderBroken."""
        order = {
            "deed": "video", "path": request.path.hex(), "duration_ms": request.duration_ms,
            "way": messages.way_to_json(request.way),
        }  # fmt: skip
        found, _ = self._ask(order, told)
        return found

    def find_in_image(self, path: bytes, way: FindWay, *, told: Told = _silent) -> Found:
        """Look at a picture (JPEG, PNG or WebP): a track for each face. Raises FinderBroken."""
        order = {"deed": "image", "path": path.hex(), "way": messages.way_to_json(way)}
        found, _ = self._ask(order, told)
        return found

    def embed(
        self, crops: Sequence[bytes], *, engine: str, told: Told = _silent
    ) -> list[Floats | None]:
        """What an engine makes of kept crops; None where one can't be read.

        The vectors' length says how much it can tell. Raises FinderBroken, EmbeddingFailed.
        """
        vectors: list[Floats | None] = []
        for at in range(0, len(crops), _CROPS_AT_ONCE):
            some = crops[at : at + _CROPS_AT_ONCE]
            order = {"deed": "embed", "engine": engine, "crops": list(map(messages.to_text, some))}
            found, got = self._ask(order, told)
            if found.error or len(got) != len(some):
                raise EmbeddingFailed(found.message or "The program that compares faces failed.")
            vectors += got
        return vectors

    def _ask(self, order: dict[str, Any], told: Told) -> tuple[Found, list[Floats | None]]:
        if self._answered >= _RECYCLE_AFTER:
            self.close()
        if self._child is None:
            self._start(told)
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            wire.write_all(self._child.stdin.fileno(), wire.encode(order))
            answer = self._listen(told)
        except (wire.WireBroken, WrongAnswer, _Gone):
            return self._failed(Reason.CRASHED), []
        except _Silent:
            return self._failed(Reason.TIMED_OUT), []
        except BaseException:  # its answer would be taken for the next one's
            self.close()
            raise
        self._answered += 1
        return answer

    def _start(self, told: Told) -> None:
        command = [
            sys.executable, "-X", "utf8", "-m", "apps.faces.finding.child",
            f"--silence-s={self._silence_s}", f"--memory-bytes={self._memory_bytes}",
        ]  # fmt: skip
        self._child = process.spawn(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT, cwd=_SOURCES,
        )  # fmt: skip
        assert self._child.stdout is not None
        with suppress(OSError):  # a kindness of the kernel, not needed
            fcntl.fcntl(self._child.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PART_BYTES)
        try:
            first = next(self._heard(lambda: told(0, 0), silence_s=_START_S))
        except (_Gone, _Silent, wire.WireBroken):
            first = None
        except BaseException:
            self.close()
            raise
        if first != wire.ALIVE:
            self.close()
            raise FinderBroken(
                "The program that looks for faces ends before it begins; run "
                "“python -m apps.faces.finding.child --help” to see why."
            )

    def _listen(self, told: Told) -> tuple[Found, list[Floats | None]]:
        # what it loads with the first file takes its time, too
        silence_s = self._silence_s + (0 if self._answered else _START_S)
        answer = _Answer(told)
        for message in self._heard(answer.wait, silence_s=silence_s):
            if (found := answer.take(message)) is not None:
                return found, answer.vectors
        raise _Gone

    def _heard(self, waiting: Callable[[], None], *, silence_s: float) -> Iterator[Any]:
        """Messages as they come; ``waiting`` is called while none does. Raises _Gone, _Silent,
        WireBroken."""
        assert self._child is not None
        assert self._child.stdout is not None
        source = self._child.stdout.fileno()
        began = heard_at = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(source, selectors.EVENT_READ)
            while True:
                yield from wire.decode_all(self._buffer)
                ready = selector.select(_TURN_S)
                now = time.monotonic()
                if now - heard_at > silence_s or now - began > self._most_s:
                    raise _Silent
                if not ready:
                    waiting()
                    continue
                part = os.read(source, _PART_BYTES)
                if not part:
                    raise _Gone
                heard_at = now
                self._buffer += part

    def _failed(self, reason: Reason) -> Found:
        """What a file gets that took the child down."""
        child = self._child
        assert child is not None
        if reason is Reason.CRASHED:
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=_REAP_S)
        status = child.poll() or 0
        self.close()
        if status == -Signals.SIGXCPU:
            reason = Reason.TIMED_OUT
        refused = MediaRefused(reason, f"signal {-status}" if status < 0 else "")
        return Found(error=refused.code, message=str(refused))


class _Answer:
    """What the child has said of one file so far."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._at = (0, 0)
        self._tracks: list[FoundTrack] = []
        self.vectors: list[Floats | None] = []

    def wait(self) -> None:
        self._told(*self._at)

    def take(self, message: Any) -> Found | None:
        """The whole, once it is there. Raises WrongAnswer."""
        if message == wire.ALIVE:
            return None
        if not isinstance(message, dict):
            raise WrongAnswer
        match message:
            case {"end": dict(end)}:
                return messages.found_from_json(end, tuple(self._tracks))
            case {"track": dict(track)} if len(self._tracks) < MOST_TRACKS:
                self._tracks.append(messages.track_from_json(track))
            case {"vector": text} if len(self.vectors) < _CROPS_AT_ONCE:
                self.vectors.append(None if text is None else messages.vector_from_text(text))
            case {"at": [int(done), int(total)]}:
                self._at = done, total
                self.wait()
            case _:
                raise WrongAnswer
        return None


class EmbeddingFailed(MediaHubError):
    """Kept crops could not be compared; nothing was written."""

    code = "face_embedding_failed"
    status = 500


class _Gone(Exception):
    """The child has ended."""


class _Silent(Exception):
    """The child has said nothing for too long."""
