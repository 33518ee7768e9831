"""Does one deed of cutting: ``python -m apps.ffmpeg.cutting.child``.

One line of JSON comes on stdin: ``{"deed": …}`` with its arguments, paths in hexadecimal. Lines go
out on stdout: ``{"done": ms, "total": ms}`` while it works, at last ``{"answer": …}`` or
``{"error": code, "message": …}``.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from apps.core.errors import MediaHubError
from apps.ffmpeg.cutting import places
from apps.ffmpeg.cutting.chaptered import check_copy
from apps.ffmpeg.cutting.checking import check_piece, count_packets
from apps.ffmpeg.cutting.orders import Piece
from apps.ffmpeg.cutting.planning import plan_cuts
from apps.ffmpeg.cutting.writing import write_piece

_EVERY_S = 0.5


class _Voice:
    """Tells the parent, but not more often than it cares to hear."""

    def __init__(self, to: int) -> None:
        self._to, self._last = to, 0.0

    def progress(self, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_S:
            self._last = now
            self.say({"done": done, "total": total})

    def say(self, message: Mapping[str, Any]) -> None:
        os.write(self._to, json.dumps(message).encode() + b"\n")


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    voice = _Voice(os.dup(1))
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


def _plan(order: dict[str, Any], _voice: _Voice) -> dict[str, Any]:
    return asdict(plan_cuts(_path(order["path"]), order["times_ms"]))


def _write(order: dict[str, Any], voice: _Voice) -> dict[str, Any]:
    """Write a piece and check it. One that can't be joined is encoded whole."""
    output, piece = _path(order["output"]), Piece(**order["piece"])
    told = ""
    places.remove(output)  # what an interrupted run has left
    try:
        written = _written(order, output, piece, voice)
    except MediaHubError as error:
        if piece.mode != "join":
            raise
        told = f"It was encoded whole, for its edges could not be joined: {error}"
        places.remove(output)
        written = _written(order, output, Piece(piece.start, piece.end, "encode"), voice)
    return {**asdict(written), "note": told, "mark": places.mark_of(output)}


def _written(order: dict[str, Any], output: bytes, piece: Piece, voice: _Voice) -> Any:
    source = _path(order["path"])
    written = write_piece(source, output, piece, muxer=order["muxer"], told=voice.progress)
    check_piece(output, written, beat=voice.progress)
    return written


def _count(order: dict[str, Any], voice: _Voice) -> dict[str, Any]:
    return dict(count_packets(_path(order["path"]), beat=voice.progress))


def _check_copy(order: dict[str, Any], voice: _Voice) -> dict[str, Any]:
    output = _path(order["output"])
    check_copy(_path(order["path"]), output, order["chapters"], beat=voice.progress)
    return {"mark": places.mark_of(output)}


def _look(order: dict[str, Any], _voice: _Voice) -> dict[str, Any]:
    paths = {hexed: places.mark_of(_path(hexed)) for hexed in order["paths"]}
    return {"marks": paths, "free_bytes": places.free_bytes(_path(order["folder"]))}


def _place(order: dict[str, Any], _voice: _Voice) -> dict[str, Any]:
    places.place(_path(order["unfinished"]), _path(order["target"]))
    return {}


def _remove(order: dict[str, Any], _voice: _Voice) -> dict[str, Any]:
    places.remove(_path(order["path"]), order.get("mark"))
    return {}


def _path(hexed: str) -> bytes:
    return bytes.fromhex(hexed)


_DEEDS: dict[str, Callable[[dict[str, Any], _Voice], dict[str, Any]]] = {
    "plan": _plan, "write": _write, "count": _count, "check_copy": _check_copy, "look": _look,
    "place": _place, "remove": _remove,
}  # fmt: skip

if __name__ == "__main__":
    main()
