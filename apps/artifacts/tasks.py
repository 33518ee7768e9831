"""The artifacts' jobs: a batch for each library, with a job for each video in it."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.artifacts.choices import ArtifactKind
from apps.artifacts.models import Artifact, Leftover
from apps.artifacts.services import making, storing
from apps.artifacts.services.kinds import usual_kinds
from apps.core.writes import writes
from apps.jobs.choices import JobState, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import add_items, enqueue
from apps.library.models import Library, Video
from apps.library.search import Asker, Question
from apps.library.tasks.lanes import lane_of

_LIBRARY = ("library_id", "library.library")
_PORTION = 2_000
_COVERS_FIRST = 24  # points: they overtake what was asked for within the last day or so
_CLEAN_AFTER = timedelta(days=1)
_writes_then: list[int] = []  # when this process last found nothing to compare


@task(
    "artifacts.make", title="Make artifacts", queue=Queue.CPU, unit="artifacts",
    target=("video_id", "library.video"),
)  # fmt: skip
def make(job: JobContext, *, video_id: int, kinds: list[str] | None = None) -> dict[str, Any]:
    wanted = usual_kinds() if kinds is None else kinds
    return dict(making.make_artifacts(video_id, kinds=wanted, report=job.report, guard=job.guard))


@task(
    "artifacts.generate", title="Artifacts", queue=Queue.CPU, unit="videos", target=_LIBRARY,
    schedulable=True,
)  # fmt: skip
def generate(
    job: JobContext,
    *,
    library_id: int | None = None,
    kinds: list[str] | None = None,
    again: bool = False,
    query: str = "",
    user_id: int | None = None,
) -> dict[str, Any]:
    """``again``: only where ``making.make_again`` was called, not what was never tried.

    ``query``: only of the videos that it finds now, for the user who asked.
    """
    wanted = usual_kinds() if kinds is None else kinds
    asked = Question.read(query, asker=Asker(user_id, timezone.localtime()))
    lacking = asked.within(making.videos_lacking(wanted))
    if again:
        marked = Artifact.objects.filter(parameters="", kind__in=wanted)
        lacking = lacking.filter(pk__in=marked.values("video"))
    libraries = Library.objects.all()
    for library in libraries if library_id is None else libraries.filter(pk=library_id):
        job.split(make, _items(lacking.filter(library=library), library, kinds))
    return {}


@task("artifacts.clean", title="Delete orphaned files", queue=Queue.DISK, unit="files")
def clean(job: JobContext, *, search: bool = False) -> dict[str, Any]:
    storing.sweep_workshops()
    found = {"found": storing.find_strays(report=job.report)} if search else {}
    return {**found, **storing.delete_leftovers(report=job.report)}


@task("artifacts.twins", title="Compare pictures", queue=Queue.CPU, unit="videos")
def find_twins(job: JobContext) -> dict[str, Any]:
    from apps.artifacts.services import twins  # numpy is slow to load, and only this needs it

    return dict(twins.find_twins(report=job.report, guard=job.guard))


def request_artifacts(
    library_id: int | None = None,
    *,
    kinds: Sequence[str] | None = None,
    video_ids: Iterable[int] = (),
    priority: int = 0,
    question: Question | None = None,
) -> Job:
    """Ask for what is missing, in one library or in all; the batch under way if there is one.

    ``video_ids`` are new to the library: a batch that runs takes them in. ``question``: only what
    its videos lack.
    """
    wanted = None if kinds is None else sorted(kinds)
    key = f"artifacts.generate:{library_id or 'all'}:{','.join(wanted or ['usual'])}"
    params: dict[str, Any] = {"library_id": library_id, "kinds": wanted}
    if question and question.node:
        params |= {"query": question.text, "user_id": question.asker.user_id}
        told = f"{question.asker.user_id}:{question.text}"
        key += f":{hashlib.sha256(told.encode()).hexdigest()[:20]}"
    new = list(video_ids)
    while True:
        job = enqueue(generate, params, dedupe_key=key, priority=priority)
        if job.state == JobState.QUEUED or not new or not library_id:
            return job
        if _take_in(job, library_id, new, wanted):
            return job


def request_for_new(library_id: int, video_ids: Sequence[int]) -> None:
    """Ask for what new videos lack: all covers first, which take a tenth of a second each."""
    usual = usual_kinds()
    if ArtifactKind.COVER in usual:
        request_artifacts(
            library_id, kinds=[ArtifactKind.COVER], video_ids=video_ids, priority=_COVERS_FIRST
        )
    if set(usual) - {ArtifactKind.COVER}:
        request_artifacts(library_id, video_ids=video_ids)


def request_again(artifacts: QuerySet[Artifact]) -> Job | None:
    """Ask for some artifacts to be made again; None if there are none."""
    kinds = list(artifacts.order_by("kind").values_list("kind", flat=True).distinct())
    if not making.make_again(artifacts):
        return None
    return enqueue(generate, {"kinds": kinds, "again": True})


def request_cover(video: Video, at_ms: int | None) -> Job:
    """Choose the frame of a video's cover and ask for it, before everything else."""
    making.choose_cover(video, at_ms)
    params = {"video_id": video.pk, "kinds": ["cover"]}
    return enqueue(make, params, target=video, lane=lane_of(video.library), priority=100)


def request_clean(*, search: bool = False) -> Job:
    """Ask for orphaned files to be deleted; ``search``: and for unknown ones to be looked for."""
    return enqueue(clean, {"search": search}, dedupe_key=f"artifacts.clean:{search}")


@periodic("artifacts.lacking", every_s=600)
def request_lacking() -> None:
    """Catch what no scan tells of: what may be tried again, and settings that changed."""
    lacking = making.videos_lacking(usual_kinds())
    for library in Library.objects.all():
        key = f"artifacts.generate:{library.pk}:usual"
        under_way = Job.objects.active().filter(dedupe_key=key).exists()
        if not under_way and lacking.filter(library=library).exists():
            request_artifacts(library.pk)


@periodic("artifacts.clean", every_s=3_600)
def request_due_clean() -> None:
    """Delete by and by what has been left over for a day."""
    if Leftover.objects.filter(due_at__lt=timezone.now() - _CLEAN_AFTER).exists():
        request_clean()


@periodic("artifacts.twins", every_s=600)
def request_twins() -> None:
    """Compare the pictures of what is new, changed or gone."""
    from apps.artifacts.services import twins

    counted = writes(*twins.COMPARED_FROM)
    if _writes_then == [counted]:
        return  # to look for it would read whole tables
    if twins.is_behind():
        enqueue(find_twins, {}, dedupe_key="artifacts.twins")
    else:
        _writes_then[:] = [] if counted is None else [counted]


def _take_in(
    batch: Job, library_id: int, video_ids: Sequence[int], kinds: Sequence[str] | None
) -> bool:
    """Give a batch that isn't over jobs for some more videos; whether it wasn't."""
    library = Library.objects.get(pk=library_id)
    with transaction.atomic():
        if not Job.objects.active().select_for_update(no_key=True).filter(pk=batch.pk).exists():
            return False
        add_items(batch, make, _items(Video.objects.filter(pk__in=video_ids), library, kinds))
    return True


def _items(
    videos: QuerySet[Video], library: Library, kinds: Sequence[str] | None
) -> Iterable[Item]:
    """A job for each video. Named by content, too: another content is another piece of work."""
    lane = lane_of(library)
    rows = videos.order_by("pk").values_list("pk", "primary_file__content")
    for pk, content in rows.iterator(_PORTION):
        yield Item(
            f"{pk} {(content or '')[:8]}", {"video_id": pk, "kinds": kinds and list(kinds)},
            lane=lane,
        )  # fmt: skip
