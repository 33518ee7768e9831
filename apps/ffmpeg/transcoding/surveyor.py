"""Reads packets: ``python -m apps.ffmpeg.transcoding.surveyor``; it may crash or hang.

One line of JSON comes on stdin: ``{"deed": …}`` with its arguments, paths in hexadecimal. Lines go
out on stdout: ``{"done": bytes, "total": bytes}``, at last ``{"answer": …}`` or
``{"error": code, "message": …}``.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

from apps.core.errors import MediaHubError
from apps.ffmpeg.transcoding import boundaries, packets

_EVERY_S = 0.5


class Voice:
    """Tells the parent, but not more often than it cares to hear."""

    def __init__(self, to: int) -> None:
        self._to, self._last = to, 0.0

    def progress(self, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_S:
            self._last = now
            self.say({"done": done, "total": total})

    def say(self, message: Mapping[str, Any]) -> None:
        line = memoryview(json.dumps(message).encode() + b"\n")
        while line:
            line = line[os.write(self._to, line) :]


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    voice = Voice(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    deed = _DEEDS[order.pop("deed")]
    try:
        voice.say({"answer": deed(order, voice)})
    except MediaHubError as error:
        voice.say({"error": error.code, "message": str(error)})
    except OSError as error:
        voice.say({"error": "system", "message": f"The disk says: {error.strerror or error}."})
    except MemoryError:
        voice.say({"error": "out_of_memory", "message": "It took more memory than is allowed."})


def _survey(order: dict[str, Any], voice: Voice) -> dict[str, Any]:
    return packets.survey(bytes.fromhex(order["path"]), told=voice.progress).to_json()


def _divide(order: dict[str, Any], _voice: Voice) -> dict[str, Any]:
    times = boundaries.read_times(bytes.fromhex(order["path"]), order["index"])
    rate = Fraction(order["rate"]) if order["rate"] else None
    parts = boundaries.divide(times.frames_s, each_s=order["each_s"], rate=rate)
    return {"parts": [(*part, times.read_from(part[0])) for part in parts]}


def _begin(order: dict[str, Any], _voice: Voice) -> dict[str, Any]:
    """How much later each half of a joined file begins, as ffmpeg would read it, than the whole."""
    starts = boundaries.read_starts(bytes.fromhex(order["source"]))
    picture, rest = order["picture"], order["rest"]
    zero_s = starts.zero_of([picture, *rest])
    chunk = boundaries.read_starts(bytes.fromhex(order["chunk"]))
    return {
        "picture_s": float(chunk.file_s + starts.zero_of([picture]) - zero_s),
        "rest_s": float(starts.zero_of(rest) - zero_s),
    }


_DEEDS: dict[str, Callable[[dict[str, Any], Voice], dict[str, Any]]] = {
    "survey": _survey, "divide": _divide, "begin": _begin,
}  # fmt: skip

if __name__ == "__main__":
    main()
