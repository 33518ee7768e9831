"""What a file's packets say of it, read by a child: what begins and ends when, and what is missing.

A header only says what was meant to follow it; a file that was cut short says the same as before.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import Any, Self

import apps
from apps.core import process
from apps.core.errors import MediaHubError
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.measured import Measured

_SOURCES = Path(apps.__file__).parents[1]
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
_SILENCE_S = 300.0
_MEMORY_BYTES = 4 << 30
_TURN_S = 0.5

Told = Callable[[int, int], object]


def silent(_done: int, _total: int) -> None:
    """Told of progress that nobody watches."""


class SurveyFailed(MediaHubError):
    """A file's packets could not be read; ``code`` may be that of a Reason."""

    code = "survey_failed"


@dataclass(frozen=True, slots=True)
class StreamSurvey:
    """One stream, of which nothing was decoded. Seconds count from the beginning of the file.

    ``gap_s`` is the longest time that nothing is shown or heard in, at ``gap_at_s``. ``start_s``
    and ``end_s`` are those of what is shown. ``claimed_s`` is what the header says of its length.
    ``constant``: all last equally long; else ``peak_rate`` are the most frames within a second.
    """

    index: int
    kind: str
    codec: str
    packets: int = 0
    keys: int = 0
    start_s: float = 0.0
    end_s: float = 0.0
    gap_s: float = 0.0
    gap_at_s: float = 0.0
    claimed_s: float | None = None
    picture: bool = False  # a cover
    starts_with_key: bool = True
    longest_gop_s: float | None = None
    peak_rate: float | None = None
    constant: bool | None = None


@dataclass(frozen=True, slots=True)
class FileSurvey:
    """All of a file. ``damage`` says in sentences what its packets show to be wrong with it.

    ``fast_start``: an MP4's index stands before what it indexes (``None``: it is no MP4).
    ``claimed_s`` is how long it says to last, ``jumps`` whether its clock may jump (MPEG-TS).
    """

    size_bytes: int
    facts: MediaFacts
    streams: tuple[StreamSurvey, ...] = ()
    damage: str = ""
    fast_start: bool | None = None
    claimed_s: float | None = None
    jumps: bool = False

    @property
    def measured(self) -> Measured:
        """What the facts don't tell, for ``planning``."""
        picture = next(iter(self.of("video")), None)
        if picture is None:
            return Measured(fast_start=self.fast_start)
        gop_s = picture.longest_gop_s
        return Measured(
            fast_start=self.fast_start,
            longest_gop_ms=None if gop_s is None else round(gop_s * 1_000),
            peak_frame_rate=picture.peak_rate,
            constant_frame_rate=picture.constant,
        )

    @property
    def end_s(self) -> float:
        """When the last of picture and sound ends."""
        return max((one.end_s for one in self.of("video", "audio")), default=0.0)

    def of(self, *kinds: str) -> tuple[StreamSurvey, ...]:
        """The streams of these kinds, covers aside."""
        return tuple(one for one in self.streams if one.kind in kinds and not one.picture)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "facts": self.facts.to_json()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(
            size_bytes=stored["size_bytes"], facts=MediaFacts.from_json(stored["facts"]),
            streams=tuple(StreamSurvey(**one) for one in stored["streams"]),
            damage=stored["damage"], fast_start=stored["fast_start"],
            claimed_s=stored["claimed_s"], jumps=stored["jumps"],
        )  # fmt: skip


def survey(path: bytes, *, told: Told = silent) -> FileSurvey:
    """Read all packets of a regular file. ``told`` hears bytes done and to be done, and may raise.

    Raises SurveyFailed.
    """
    return FileSurvey.from_json(ask("survey", told=told, path=path))


def ask(deed: str, *, told: Told = silent, **arguments: Any) -> dict[str, Any]:
    """Have a child do one deed; bytes among the arguments are paths. Raises SurveyFailed."""
    order = {"deed": deed, **{name: _plain(value) for name, value in arguments.items()}}
    child = process.spawn(
        [sys.executable, "-X", "utf8", "-m", "apps.ffmpeg.transcoding.surveyor"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT, cwd=_SOURCES, limits=process.Limits(memory_bytes=_MEMORY_BYTES),
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.close()
        return _listen(child, told)
    except BrokenPipeError:
        raise SurveyFailed("The program that reads packets could not be started.") from None
    finally:
        process.kill(child)


def _listen(child: "subprocess.Popen[bytes]", told: Told) -> dict[str, Any]:
    done = total = 0
    for line in _lines(child):
        message = json.loads(line) if line else {}
        if "answer" in message:
            return dict(message["answer"])
        if "error" in message:
            failed = SurveyFailed(message["message"])
            failed.code = message["error"]
            raise failed
        done, total = message.get("done", done), message.get("total", total)
        told(done, total)
    raise SurveyFailed("The program that reads packets crashed at this file.")


def _lines(child: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """Lines as they come, and an empty one now and then."""
    assert child.stdout is not None
    rest, heard_at = b"", monotonic()
    with DefaultSelector() as selector:
        selector.register(child.stdout, EVENT_READ)
        while True:
            if not selector.select(_TURN_S):
                if monotonic() - heard_at > _SILENCE_S:
                    raise SurveyFailed("The disk, or the file, kept the program waiting too long.")
                yield b""
                continue
            part = os.read(child.stdout.fileno(), 1 << 16)
            if not part:
                return
            heard_at = monotonic()
            *lines, rest = (rest + part).split(b"\n")
            yield from (line for line in lines if line)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
