"""Files that are made of videos: copies with chapters, and pieces."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from apps.core.errors import Conflict
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Video
from apps.library.tasks import request_scan
from apps.library.tasks.lanes import lane_of
from apps.markers.services.carry import Made, carry_over
from apps.markers.services.chapters import check_copy_possible, plan_copy
from apps.markers.services.chapters import write_copy as write
from apps.markers.services.formats.cue import LONGEST_MS
from apps.markers.services.split import forget_run, split_video
from apps.markers.services.split_plan import plan_split


class SplitUnderWay(Conflict):
    """The file is being cut in another way already; nothing was asked for."""

    code = "split_under_way"


_VIDEO = ("video_id", "library.video")
_MOST_VISITS = 20
_LATER_S = 15


@task(
    "markers.write_copy", title="Copy with chapters", queue=Queue.DISK, unit="seconds",
    target=_VIDEO,
)  # fmt: skip
def write_copy(job: JobContext, *, video_id: int) -> dict[str, Any]:
    video = Video.objects.select_related("library").get(pk=video_id)
    made = write(video, report=job.report)
    job.log(f"{made['name']} has {made['chapters']} chapters.")
    _take_in(video, [Made(bytes.fromhex(made["path"]), 0, LONGEST_MS)])
    return {"name": made["name"], "chapters": made["chapters"]}


@task("markers.split", title="Split", queue=Queue.DISK, unit="seconds", target=_VIDEO)
def split(
    job: JobContext,
    *,
    video_id: int,
    at_ms: list[int],
    exact: bool = False,
    remove_source: bool = False,
) -> dict[str, Any]:
    video = Video.objects.select_related("library").get(pk=video_id)
    run = str(job.job.uid)
    made = split_video(
        video, at_ms, exact=exact, remove_source=remove_source, run=run, report=job.report
    )
    for note in made["notes"]:
        job.log(note)
    _take_in(video, [
        Made(bytes.fromhex(one["path"]), one["start_ms"], one["end_ms"]) for one in made["pieces"]
    ])  # fmt: skip
    forget_run(run)
    return {"pieces": len(made["pieces"]), "frames_encoded": sum(
        one["encoded"] for one in made["pieces"]
    )}  # fmt: skip


@task("markers.carry", title="Pass on what is known", queue=Queue.CPU, target=_VIDEO)
def carry(
    job: JobContext, *, video_id: int, made: list[dict[str, Any]], visit: int = 0
) -> dict[str, Any]:
    """After the scan that takes in new files; those that it left for later are asked for again."""
    video = Video.objects.select_related("library", "studio").get(pk=video_id)
    files = [Made(bytes.fromhex(m["path"]), m["start_ms"], m["end_ms"]) for m in made]
    waiting = carry_over(video, files)
    if waiting and visit < _MOST_VISITS:
        _take_in(video, waiting, visit=visit + 1)
    elif waiting:
        job.log(f"{len(waiting)} files were not taken in by scans: do the library's rules allow?")
    return {"videos": len(files) - len(waiting), "waiting": len(waiting)}


def request_copy(video: Video) -> Job:
    """Ask for a copy of the video's file with its markers as chapters, beside it.

    Raises NoChapters, NoFile, NameTaken, NoSpace.
    """
    check_copy_possible(plan_copy(video))
    key = f"markers.write_copy:{video.pk}"
    lane = lane_of(video.library)
    return enqueue(write_copy, {"video_id": video.pk}, lane=lane, dedupe_key=key)


def request_split(
    video: Video, at_ms: Sequence[int], *, exact: bool = False, remove_source: bool = False
) -> Job:
    """Ask for the video's file to be cut. Raises as ``plan_split``, and SplitUnderWay."""
    plan_split(video, at_ms, exact=exact)
    params = {
        "video_id": video.pk, "at_ms": sorted(at_ms), "exact": exact,
        "remove_source": remove_source,
    }  # fmt: skip
    key = f"markers.split:{video.pk}"
    job = enqueue(split, params, lane=lane_of(video.library), dedupe_key=key)
    if job.params != params:
        raise SplitUnderWay(f"Job {job.pk} cuts this file at other places: wait for it.")
    return job


def _take_in(video: Video, made: Sequence[Made], *, visit: int = 0) -> None:
    """Have a scan look at new files, and then give them what is known about their source."""
    folder = made[0].path.rpartition(b"/")[0]
    below = folder.removeprefix(video.library.root_bytes.rstrip(b"/")).lstrip(b"/")
    try:
        paths = [below.decode()] if below else []
    except UnicodeDecodeError:
        paths = []  # a job can't name such a folder: all of the library is looked at
    job = request_scan(video.library, paths=paths)
    params = {
        "video_id": video.pk, "visit": visit,
        "made": [
            {"path": m.path.hex(), "start_ms": m.start_ms, "end_ms": m.end_ms} for m in made
        ],
    }  # fmt: skip
    delay = timedelta(seconds=_LATER_S if visit else 0)
    enqueue(carry, params, after=[job], delay=delay)
