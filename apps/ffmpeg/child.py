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
from functools import partial
from typing import Any

from apps.ffmpeg import hashing, wire
from apps.ffmpeg.devices import has_graphics_card
from apps.ffmpeg.message_json import request_from_json, result_to_json
from apps.ffmpeg.messages import (
    MakeRequest,
    ProbeRequest,
    Request,
    Result,
    SeekPointsRequest,
    VerifyRequest,
    answer,
)
from apps.ffmpeg.reader import Programs, read_facts
from apps.ffmpeg.reading import Reading
from apps.ffmpeg.reasons import MediaRefused, Reason, refused_by_system
from apps.ffmpeg.source import Source, open_source

_Beat = Callable[[], None]


def main() -> None:
    """Serve until stdin ends."""
    options = _options()
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_self(options.memory_bytes)
    with suppress(wire.WireBroken):
        _beat(answers, options.timeout_s)
        while (batch := wire.read_frame(0)) is not None:
            for sent in batch:
                request = request_from_json(sent)
                timeout_s = request.timeout_s or options.timeout_s
                _limit_cpu(timeout_s)
                programs = Programs(options.ffmpeg, options.ffprobe, timeout_s)
                result = _answer(request, programs, partial(_beat, answers, timeout_s))
                wire.write_all(answers, wire.encode(result_to_json(result)))


def _answer(request: Request, programs: Programs, beat: _Beat) -> Result:
    found: dict[str, Any] = {}
    try:
        with open_source(request.path) as source:
            _read(request, source, programs, found, beat)
    except MediaRefused as error:
        refused = error
    except OSError as error:
        refused = refused_by_system(error)
    except MemoryError:
        refused = MediaRefused(Reason.OUT_OF_MEMORY)
    else:
        return answer(request, **found)
    return answer(request, **found, error=refused.code, message=str(refused))


def _read(
    request: Request, source: Source, programs: Programs, found: dict[str, Any], beat: _Beat
) -> None:
    """Put into ``found`` what was asked for. Raises MediaRefused.

    What a request needs is loaded for it: all of it takes longer than a small scan does.
    """
    match request:
        case ProbeRequest():
            _probe(request, source, programs, found, beat)
        case VerifyRequest():
            from apps.ffmpeg.verify import verify

            verify(request, source, found, beat)
        case MakeRequest():
            from apps.ffmpeg.make import make

            make(request, source, programs, found, beat)
        case SeekPointsRequest():
            from apps.ffmpeg.seek_points import seek_points

            source.check_size()
            found["times_ms"] = seek_points(request.path, head=source.read_head())


def _probe(
    request: ProbeRequest, source: Source, programs: Programs, found: dict[str, Any], beat: _Beat
) -> None:
    """Put into ``found`` what can be found, in the order in which it can."""
    found["stat"] = source.stat
    source.check_size()
    ends = hashing.Ends(source.fd, source.stat.size)
    found["oshash"] = hashing.oshash(ends)
    found["content"] = hashing.content_fingerprint(ends)
    if request.want_md5:
        rate = request.bytes_per_second
        reading = Reading(source.fd, beat=beat, want_md5=True, bytes_per_second=rate)
        found["md5"] = reading.finish()
    facts = None
    if request.want_facts:
        facts = read_facts(request.path, head=ends.head, programs=programs, use_av=request.use_av)
    source.check_unchanged()
    found["facts"] = facts


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ffmpeg")
    parser.add_argument("--ffprobe")
    parser.add_argument("--timeout-s", type=float, required=True)
    parser.add_argument("--memory-bytes", type=int, required=True)
    return parser.parse_args()


def _beat(answers: int, timeout_s: float) -> None:
    _limit_cpu(timeout_s)
    wire.write_all(answers, wire.encode(wire.ALIVE))


def _limit_self(memory_bytes: int) -> None:
    # A graphics card's driver reserves far more address space than it fills: there, what may be
    # written to is limited.
    limit = resource.RLIMIT_DATA if has_graphics_card() else resource.RLIMIT_AS
    resource.setrlimit(limit, (memory_bytes, memory_bytes))
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
