"""A plan as the arguments of one process."""

import os
from collections.abc import Collection
from fractions import Fraction

from apps.ffmpeg.transcoding.commands.container import container, covers
from apps.ffmpeg.transcoding.commands.encoders import Task, settings
from apps.ffmpeg.transcoding.commands.filters import Cut, burning, picture, usual_rate
from apps.ffmpeg.transcoding.commands.reading import (
    decoding,
    devices,
    source_file,
    stays_on_card,
)
from apps.ffmpeg.transcoding.commands.sound import sound
from apps.ffmpeg.transcoding.commands.texts import kept, texts
from apps.ffmpeg.transcoding.plans import Plan, Rung, VideoPlan
from apps.ffmpeg.transcoding.spec import Spec

Command = list[str | bytes]

_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y")
_LEAD_S = 2.0  # decoded before a cut, for filters that look at what came before
_FINE_CLOCK = Fraction(1, 90_000)
_PARTS_A_SECOND = 500
_TAGS = frozenset({"hvc1", "avc1", "av01", "vp09"})


def command(
    plan: Plan,
    spec: Spec,
    rung: Rung,
    *,
    program: str,
    source: bytes,
    output: bytes,
    filters: Collection[str] | None = None,
) -> Command:
    """The command that does the whole plan by one rung and writes to ``output``, over what's there.

    ``filters`` are the names that this ffmpeg has (``Abilities.filters``); None for all of them.
    Progress isn't asked for: whoever runs it says where to.
    """
    video = plan.video
    copies = video is not None and video.copy
    words: Command = [
        program, *_QUIET, *devices(video, rung), *decoding(video, rung, filters),
        *(["-fflags", "+genpts"] if copies else []),  # AVI and old MPEG have no times to show
        *source_file(source), *_graph_and_maps(plan, spec, rung, filters),
        "-c", "copy",
    ]  # fmt: skip
    if video is not None:
        words += _copied(video) if copies else _encoded(video, spec, rung, filters)
    words += [*sound(plan), *texts(plan), *covers(plan), *container(plan, spec)]
    return [*words, _file(output)]


def chunk_command(
    plan: Plan,
    spec: Spec,
    rung: Rung,
    *,
    program: str,
    source: bytes,
    output: bytes,
    start: float,
    end: float | None,
    read_from: float | None = None,
    filters: Collection[str] | None = None,
) -> Command:
    """The command for the picture alone, from ``start`` until before ``end`` (seconds; None: all).

    Times are those of the source from its beginning, as the whole has them too, and are kept in the
    output, a NUT file, which rounds none of them: so chunks lie one behind the other. The picture
    must be encoded; subtitles to be drawn that began before are missing. Reading begins at
    ``read_from`` (None: a little before ``start``), or at the key frame before it.
    """
    video = plan.video
    if video is None or video.copy:
        raise ValueError("Only a picture that is encoded can be cut into chunks.")
    before = max(0.0, start - _LEAD_S if read_from is None else read_from)
    return [
        program, *_QUIET, *devices(video, rung), *decoding(video, rung, filters),
        *(["-ss", f"{before:.6f}"] if before else []),
        *source_file(source), "-copyts", "-start_at_zero",
        *_graph_and_maps(plan, spec, rung, filters, cut=Cut(start, end)),
        *_encoded(video, spec, rung, filters, cut=Cut(start, end)),
        "-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
        "-avoid_negative_ts", "disabled", "-f", "nut", _file(output),
    ]  # fmt: skip


def _graph_and_maps(
    plan: Plan,
    spec: Spec,
    rung: Rung,
    filters: Collection[str] | None,
    *,
    cut: Cut | None = None,
) -> list[str]:
    """Streams by their index in the source, in the order of the output."""
    words: list[str] = []
    video = plan.video
    if video is not None and video.burn is not None and not video.copy:
        graph = burning(Task(video, spec, rung), video.burn, filters=filters, cut=cut)
        words += ["-filter_complex", graph, "-map", "[v]"]
    elif video is not None:
        words += ["-map", f"0:{video.index}"]
    if cut is not None:
        return words
    indexes = [one.index for one in plan.audio] + [one.index for one in kept(plan)]
    for index in [*indexes, *plan.attachments, *plan.covers]:
        words += ["-map", f"0:{index}"]
    return words


def _copied(video: VideoPlan) -> list[str]:
    tags = [one for one in video.dispose if one in _TAGS]
    streams = [one for one in video.dispose if one not in _TAGS]
    return [
        "-c:v:0", "copy",
        *(["-tag:v:0", tags[0]] if tags else []),
        *(["-bsf:v:0", ",".join(streams)] if streams else []),
    ]  # fmt: skip


def _encoded(
    video: VideoPlan,
    spec: Spec,
    rung: Rung,
    filters: Collection[str] | None,
    *,
    cut: Cut | None = None,
) -> list[str]:
    """A variable rate stays one: every frame keeps its time, and none is doubled."""
    card = stays_on_card(video, rung, filters)
    task = Task(video, spec, rung, on_card=bool(card))
    mode = "cfr" if _is_constant(video, spec, cut) else "vfr"
    words = ["-fps_mode:v:0", mode, *_clock(video, mode), *settings(task)]
    if video.burn is not None:
        return words
    return ["-filter:v:0", picture(task, card, filters=filters, cut=cut), *words]


def _clock(video: VideoPlan, mode: str) -> list[str]:
    """The encoder's unit of time, where ffmpeg's own (one frame) would have frames fall together.

    A part of a frame of 2 ms or a little more: so what Matroska has rounded to milliseconds is set
    right again, and frames that come at any time are hardly moved.
    """
    if mode == "cfr" or video.frame_rate:
        return []
    frames = usual_rate(video.source_rate)
    clock = 1 / (frames * max(1, int(_PARTS_A_SECOND / frames))) if frames else _FINE_CLOCK
    return ["-enc_time_base:v:0", str(clock)]


def _is_constant(video: VideoPlan, spec: Spec, cut: Cut | None) -> bool:
    """In a chunk the filter has seen to it, and doubling up to the cut would be wrong."""
    return cut is None and bool(video.frame_rate or spec.constant_frame_rate)


def _file(path: bytes) -> bytes:
    return b"file:" + os.path.abspath(path)
