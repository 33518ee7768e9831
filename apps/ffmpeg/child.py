"""A helper process that reads media files: ``python -m apps.ffmpeg.child``.

It may crash, hang or be killed at any file; ``MediaPool`` starts it, feeds it and replaces it.
Frames of requests come in on stdin, one frame an answer goes out on stdout, in order; ``"alive"``
before the first and in long readings. It ends when stdin does.
"""

import argparse
import os
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from apps.ffmpeg import hashing, wire
from apps.ffmpeg.messages import (
    CoverRequest,
    ProbeRequest,
    ProbeResult,
    Request,
    Result,
    failed,
    request_from_json,
    result_to_json,
)
from apps.ffmpeg.reader import Reader
from apps.ffmpeg.reasons import MediaRefused, Reason, refused_by_system
from apps.ffmpeg.source import open_source

ALIVE = "alive"


def main() -> None:
    """Serve until stdin ends."""
    options = _options()
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_self(options.memory_bytes)
    reader = Reader(ffmpeg=options.ffmpeg, ffprobe=options.ffprobe, timeout_s=options.timeout_s)

    def beat() -> None:
        _limit_cpu(options.timeout_s)
        wire.write_all(answers, wire.encode(ALIVE))

    beat()
    with suppress(wire.WireBroken):
        while (batch := wire.read_frame(0)) is not None:
            for sent in batch:
                _limit_cpu(options.timeout_s)
                result = _answer(reader, request_from_json(sent), beat)
                wire.write_all(answers, wire.encode(result_to_json(result)))


def _answer(reader: Reader, request: Request, beat: Callable[[], None]) -> Result:
    try:
        if isinstance(request, CoverRequest):
            return reader.cover(request)
        return _probe(reader, request, beat)
    except MediaRefused as refused:
        return failed(request, refused.code, str(refused))
    except MemoryError:
        short = MediaRefused(Reason.OUT_OF_MEMORY)
        return failed(request, short.code, str(short))


def _probe(reader: Reader, request: ProbeRequest, beat: Callable[[], None]) -> ProbeResult:
    result = ProbeResult(key=None)
    try:
        with open_source(request.path) as source:
            result = replace(result, stat=source.stat)
            source.check_size()
            ends = source.read_ends()
            result = replace(
                result, oshash=hashing.oshash(ends), content=hashing.content_fingerprint(ends)
            )
            if request.want_md5:
                result = replace(result, md5=hashing.md5(source.fd, beat=beat))
            result = replace(result, facts=reader.facts(request, head=ends.head))
            source.check_unchanged()
    except OSError as error:
        refused = refused_by_system(error)
        return replace(result, error=refused.code, message=str(refused))
    except MediaRefused as refused:
        return replace(result, error=refused.code, message=str(refused))
    return result


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ffmpeg")
    parser.add_argument("--ffprobe")
    parser.add_argument("--timeout-s", type=float, required=True)
    parser.add_argument("--memory-bytes", type=int, required=True)
    return parser.parse_args()


def _limit_self(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # when memory is short, the kernel shall take a child that can be replaced
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _limit_cpu(timeout_s: float) -> None:
    """Bound the next file even when nobody watches: the limit is on the life of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + 4 * timeout_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
