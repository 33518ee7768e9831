"""Writes a copy of a video's file that has its markers as chapters."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.ffmpeg.commands.chapters import MUXERS, copy_with_chapters
from apps.ffmpeg.cutting.copying import run_ffmpeg
from apps.library.models import File, Video
from apps.library.services.media import programs
from apps.library.services.paths import shown
from apps.markers.services.formats import FORMATS, Cue
from apps.markers.services.formats.cue import in_order
from apps.markers.services.sources import (
    check_free,
    cutting,
    draft,
    extension_of,
    look_beside,
    named_beside,
    source_of,
)
from apps.markers.services.transfer import cues_of

_MEMORY_BYTES = 4 * 1024**3


class NoChapters(MediaHubError):
    """The video has no markers, its container keeps no chapters, or there is no ffmpeg."""

    code = "no_chapters"


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """The copy to be; each cue is a chapter that ends before the next begins."""

    file: File
    target: bytes
    muxer: str
    cues: list[Cue]

    @property
    def name(self) -> str:
        return shown(self.target.rpartition(b"/")[2])


def plan_copy(video: Video) -> CopyPlan:
    """Raises NoChapters, NoFile, NameTaken, NoSpace."""
    file = source_of(video)
    muxer = MUXERS.get(extension_of(file))
    if muxer is None:
        kept = ", ".join(MUXERS)
        raise NoChapters(f"Files such as {file.path} can't hold chapters; these can: {kept}.")
    cues = flat(cues_of(video), duration_ms=video.duration_ms or 0)
    if not cues:
        raise NoChapters(f"{video} has no markers to write.")
    return CopyPlan(file, named_beside(file, ".chapters"), muxer, cues)


def check_copy_possible(plan: CopyPlan) -> None:
    """Raises NoFile, NameTaken, NoSpace."""
    beside = look_beside(plan.file, [plan.target])
    check_free(beside, [plan.target], needed=int(plan.file.size_bytes * 1.02))


def write_copy(video: Video, *, report: Progress = silent) -> dict[str, Any]:
    """Write the copy beside the source, check it, and only then give it its name.

    Streams are copied as they are; nothing is overwritten; ``report`` counts seconds.
    Raises as ``plan_copy``, and CutFailed.
    """
    plan = plan_copy(video)
    ffmpeg = programs().ffmpeg
    if ffmpeg is None:
        raise NoChapters("There is no ffmpeg to copy with; `manage.py doctor` says more.")
    check_copy_possible(plan)
    duration_ms = video.duration_ms or 0
    chapters = [{"start_ms": cue.start_ms, "title": cue.title} for cue in plan.cues]
    with draft(plan.target) as part, tempfile.TemporaryDirectory(dir=_workshop()) as folder:
        cutting("remove", path=part)  # a killed attempt's, which may have its name already
        described = Path(folder) / "chapters.txt"
        described.write_text(FORMATS["ffmetadata"].write(plan.cues, duration_ms=duration_ms))
        command = copy_with_chapters(
            ffmpeg.path, plan.file.location, bytes(described), part, muxer=plan.muxer
        )
        run_ffmpeg(
            command, silence_s=settings.MEDIAHUB_ARTIFACT_TIMEOUT_SECONDS,
            memory_bytes=_MEMORY_BYTES,
            told=lambda done_ms, _: report(done_ms // 1_000, duration_ms // 1_000),
        )  # fmt: skip
        cutting(
            "check_copy", report=report, base_ms=duration_ms, total_ms=duration_ms,
            path=plan.file.location, output=part, chapters=chapters,
        )  # fmt: skip
        cutting("place", unfinished=part, target=plan.target)
    return {"path": plan.target.hex(), "name": plan.name, "chapters": len(chapters)}


def flat(cues: list[Cue], *, duration_ms: int) -> list[Cue]:
    """Chapters, of which only one can be under way: what starts together is one, the first at 0.

    A range that reaches into the next chapter ends there. MP4 loses chapters without a title, so
    that each has one.
    """
    titles: dict[int, list[Cue]] = {}
    for cue in in_order(cues):
        if not duration_ms or cue.start_ms < duration_ms:
            titles.setdefault(cue.start_ms, []).append(cue)
    if not titles:
        return []
    titles.setdefault(0, [Cue(0, title="Start")])
    starts = sorted(titles)
    made = []
    ends = [*starts[1:], duration_ms]
    for number, (start, following) in enumerate(zip(starts, ends, strict=True), 1):
        named = dict.fromkeys(title for cue in titles[start] if (title := cue.title.strip()))
        title = " / ".join(named) or f"Chapter {number}"
        end = following if following > start else start + 1_000
        made.append(Cue(start, end, title))
    return made


def _workshop() -> Path:
    folder = Path(settings.MEDIAHUB_DATA_DIR) / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
