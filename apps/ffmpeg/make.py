"""Makes what is wished for of one file: each kind works or fails alone."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from apps.ffmpeg.frames.run import make_pictures
from apps.ffmpeg.messages import Made, MakeRequest
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.reasons import MediaRefused, Reason, refused_by_system
from apps.ffmpeg.sound.run import make_sound
from apps.ffmpeg.source import Source
from apps.ffmpeg.texts.run import make_texts
from apps.ffmpeg.work import Pass, Work

_PASSES: tuple[tuple[frozenset[str], Pass], ...] = (
    (frozenset({"phash", "sprite", "cover", "preview"}), make_pictures),
    (frozenset({"heatmap", "waveform"}), make_sound),
    (frozenset({"subtitles", "chapters"}), make_texts),
)


def make(
    request: MakeRequest,
    source: Source,
    programs: Programs,
    found: dict[str, Any],
    beat: Callable[[], None],
) -> None:
    """Put into ``found`` the file's ``stat`` and a Made for each wish. Raises MediaRefused."""
    found["stat"] = source.stat
    source.check_size()
    head = source.read_head()
    made: list[Made] = []
    for kinds, run in _PASSES:
        wishes = {kind: wish for kind, wish in request.wishes.items() if kind in kinds}
        if wishes:
            made += _run(run, Work(request.path, head, request.folder, wishes, programs, beat))
    source.check_unchanged()
    found["made"] = tuple(made)


def _run(run: Pass, work: Work) -> Iterator[Made]:
    """Everything that the pass made; what it could not get to shares the reason of its end."""
    left = set(work.wishes)
    began = time.monotonic()
    try:
        for one in run(work):
            left.discard(one.kind)
            now = time.monotonic()
            yield replace(one, ms=one.ms or round(1_000 * (now - began)))
            began = now
    except MediaRefused as error:
        refused = error
    except OSError as error:
        refused = refused_by_system(error)
    except MemoryError:
        refused = MediaRefused(Reason.OUT_OF_MEMORY)
    else:
        refused = MediaRefused(Reason.UNDECODABLE)
    for kind in sorted(left):
        yield Made(kind=kind, error=refused.code, message=str(refused))
