"""Looks for faces in files: ``python -m apps.faces.finding.child``.

One frame of JSON (``apps.ffmpeg.wire``) comes on stdin for each file, paths in hexadecimal. On
stdout go ``"alive"`` before the first and in between, ``{"at": [done, total]}``, ``{"track": …}``
for each track or ``{"vector": …}`` for each crop, and at last ``{"end": …}``. It may crash, hang or
be killed at any file; it ends when stdin does.
"""

import argparse
import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple
from typing import Any

from apps.core.errors import MediaHubError
from apps.faces.engines import FaceEngine, load
from apps.faces.finding import messages
from apps.faces.finding.messages import FindRequest, Found
from apps.ffmpeg import wire
from apps.ffmpeg.devices import has_graphics_card
from apps.ffmpeg.reasons import MediaRefused, Reason, refused_by_system

_engines: dict[str, FaceEngine] = {}


class _Voice:
    """Tells the parent. Each sign of life gives as many seconds of CPU time again."""

    def __init__(self, to: int, silence_s: float) -> None:
        self._to, self._silence_s = to, silence_s

    def say(self, message: Any) -> None:
        wire.write_all(self._to, wire.encode(message))

    def live(self) -> None:
        self._lengthen()
        self.say(wire.ALIVE)

    def told(self, done: int, total: int) -> None:
        self._lengthen()
        self.say({"at": [done, total]})

    def _lengthen(self) -> None:
        """Even if nobody watches a file is bounded: the limit is on the life of the process."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime + 4 * self._silence_s) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def main() -> None:
    """Serve until stdin ends."""
    options = _options()
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_self(options.memory_bytes)
    voice = _Voice(answers, options.silence_s)
    with suppress(wire.WireBroken):
        voice.live()
        while (order := wire.read_frame(0)) is not None:
            found = _answer(order, voice)
            for track in found.tracks:
                voice.say({"track": messages.track_to_json(track)})
            voice.say({"end": _end(found)})


def _answer(order: Mapping[str, Any], voice: _Voice) -> Found:
    try:
        return _do(order, voice)
    except MediaHubError as error:
        refused = error
    except OSError as error:
        refused = refused_by_system(error)
    except MemoryError:
        refused = MediaRefused(Reason.OUT_OF_MEMORY)
    return Found(error=refused.code, message=str(refused))


def _do(order: Mapping[str, Any], voice: _Voice) -> Found:
    """Raises MediaHubError, OSError, MemoryError."""
    from apps.faces.finding import search  # what it loads takes as long as a video

    if order["deed"] == "embed":
        engine = _engine(order["engine"])
        for text in order["crops"]:
            vector = search.embed([messages.from_text(text)], engine)[0]
            voice.say({"vector": None if vector is None else messages.vector_to_text(vector)})
        return Found(engine=engine.id, detector=engine.detector)
    way, path = messages.way_from_json(order["way"]), bytes.fromhex(order["path"])
    engine = _engine(way.engine)
    if order["deed"] == "image":
        return search.find_in_image(path, way, engine)
    request = FindRequest(path, way, order["duration_ms"])
    return search.find_in_video(request, engine, voice.told)


def _engine(engine_id: str) -> FaceEngine:
    if engine_id not in _engines:
        _engines[engine_id] = load(engine_id)
    return _engines[engine_id]


def _end(found: Found) -> dict[str, Any]:
    return {
        "engine": found.engine, "detector": found.detector,
        "stat": None if found.stat is None else list(astuple(found.stat)),
        "frames": found.frames, "faces": found.faces, "cpu_ms": found.cpu_ms,
        "decode_ms": found.decode_ms, "error": found.error, "message": found.message,
    }  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--silence-s", type=float, required=True)
    parser.add_argument("--memory-bytes", type=int, required=True)
    return parser.parse_args()


def _limit_self(memory_bytes: int) -> None:
    # A graphics card's driver reserves far more address space than it fills: there, what may be
    # written to is limited.
    limit = resource.RLIMIT_DATA if has_graphics_card() else resource.RLIMIT_AS
    resource.setrlimit(limit, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # when memory is short, the kernel shall take a child that can be replaced
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


if __name__ == "__main__":
    main()
