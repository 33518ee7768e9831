"""Finding faces: asked for by a person, on a schedule, and when scans find new videos.

What does the work loads arrays: it is imported when there is some, for the web process asks, too.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.core import context
from apps.core.writes import writes
from apps.faces.models import FaceLibrary, Identity
from apps.faces.services import removed
from apps.faces.tasks.asking import ask
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import Rules, periodic, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Library, Video
from apps.library.search import Asker, Question
from apps.library.tasks.lanes import lane_of

_PORTION = 2_000
_writes_then: list[int] = []  # when this process last found that no faces had gone


@task(
    "faces.find_video", title="Find faces in a video", queue=Queue.CPU, unit="frames",
    target=("video_id", "library.video"),
)  # fmt: skip
def find_video(job: JobContext, *, video_id: int, again: bool = False) -> dict[str, Any]:
    from apps.faces.services import find

    return dict(
        find.find_in_video(video_id, again=again, report=job.report, guard=job.guard)
    )  # fmt: skip


@task("faces.find", title="Find faces", queue=Queue.CPU, unit="videos", schedulable=True)
def find_faces(
    job: JobContext,
    *,
    q: str = "",
    ids: Sequence[int] | None = None,
    again: bool = False,
    only_new: bool = False,
) -> dict[str, Any]:
    """One job a video, of libraries with faces only. ``again``: also where nothing has changed;
    ``only_new``: not where only the settings have."""
    from apps.faces.services import find

    wanted = find.videos_to_look_through(again=again)
    if only_new:
        wanted = find.videos_never_looked_through()
    wanted = wanted.filter(pk__in=_chosen(q=q, ids=ids).order_by().values("pk"))
    for library in Library.objects.filter(face_library__enabled=True).order_by("pk"):
        job.split(find_video, _items(wanted.filter(library=library), library, again=again))
    return {}


@task("faces.find_images", title="Find faces of performers", queue=Queue.CPU, unit="performers")
def find_images(
    job: JobContext, *, performer_ids: Sequence[int] | None = None, again: bool = False
) -> dict[str, Any]:
    """Then everybody's faces are judged anew: more people are known by more pictures."""
    from apps.faces.services import find_pictures
    from apps.faces.tasks.naming import request_names

    found = find_pictures.find_in_images(
        performer_ids=performer_ids, again=again, report=job.report, guard=job.guard
    )
    if found["faces"]:
        request_names()
    return dict(found)


@task("faces.embed", title="Compare faces by another engine", queue=Queue.CPU, unit="faces")
def embed(job: JobContext) -> dict[str, Any]:
    """Then everybody's faces are judged anew, as that engine sees them."""
    from apps.faces.services.embed import embed_all
    from apps.faces.tasks.naming import request_names

    made = embed_all(report=job.report, guard=job.guard)
    request_names()
    return dict(made)


@task(
    "faces.wipe", title="Wipe faces", queue=Queue.CPU, unit="faces", rules=Rules(attempts=3),
    target=("library_id", "library.library"),
)  # fmt: skip
def wipe(job: JobContext, *, library_id: int | None = None) -> dict[str, Any]:
    """Of one library, or all."""
    from apps.faces.services.wipe import wipe_all

    library = None if library_id is None else Library.objects.get(pk=library_id)
    return dict(wipe_all(library, report=job.report, guard=job.guard))


@task(
    "faces.wipe_person", title="Wipe a person's faces", queue=Queue.CPU, unit="faces",
    target=("identity_id", "faces.identity"),
)  # fmt: skip
def wipe_person(
    job: JobContext, *, identity_id: int, never_again: bool = False
) -> dict[str, Any]:  # fmt: skip
    from apps.faces.services.wipe import wipe as wipe_one

    identity = Identity.objects.filter(pk=identity_id).first()
    if identity is None:
        return {}  # an attempt that was cut short had done it
    return dict(
        wipe_one(identity, never_again=never_again, report=job.report, guard=job.guard)
    )  # fmt: skip


def request_find(
    *, q: str = "", ids: Sequence[int] | None = None, again: bool = False
) -> Job:  # fmt: skip
    """Ask for faces to be found in the videos that a query finds, or in some by their ids; only in
    libraries where that is switched on. Raises QueryError."""
    if ids is None:
        _chosen(q=q)  # a query that makes no sense is told of now
    wanted: dict[str, Any] = {
        "q": q, "ids": None if ids is None else sorted(ids), "again": again,
    }  # fmt: skip
    key = "faces.find:all" if ids is None and not q and not again else ""
    return enqueue(find_faces, wanted, dedupe_key=key)


def request_find_images(
    *, performer_ids: Sequence[int] | None = None, again: bool = False
) -> Job:  # fmt: skip
    """Ask for the pictures of some performers, or of all, to be looked at."""
    wanted = None if performer_ids is None else sorted(performer_ids)
    key = "faces.find_images:all" if wanted is None and not again else ""
    return enqueue(find_images, {"performer_ids": wanted, "again": again}, dedupe_key=key)


def request_embed() -> Job:
    """Ask for what is kept to be compared by the engine of the settings."""
    return ask(embed, {}, key="faces.embed")


def request_wipe(library: Library | None = None) -> Job:
    """Ask for all that is known of faces, in a library or everywhere, to be wiped."""
    params = {"library_id": None if library is None else library.pk}
    key = f"faces.wipe:{library.pk if library else 'all'}"
    return enqueue(wipe, params, target=library, dedupe_key=key, priority=100)


def request_wipe_person(identity: Identity, *, never_again: bool = False) -> Job:
    """Ask for one person to be wiped; see ``services.wipe``."""
    params = {"identity_id": identity.pk, "never_again": never_again}
    key = f"faces.wipe_person:{identity.pk}:{never_again}"
    return enqueue(wipe_person, params, target=identity, dedupe_key=key, priority=100)


def request_for_new(library_id: int, video_ids: Sequence[int]) -> Job | None:
    """Ask for new videos to be looked through, if that is wanted in their library."""
    if not FaceLibrary.objects.filter(library=library_id, enabled=True).exists():
        return None
    return request_find(ids=video_ids)


@periodic("faces.lacking", every_s=600)
def request_lacking() -> None:
    """Catch what no scan tells of: libraries that were switched on, what may be tried again, and
    performers' new pictures."""
    if not FaceLibrary.objects.filter(enabled=True).exists():
        return
    request_new()


def request_new() -> None:
    """Ask for what was never looked at to be, if there is any and nobody is at it."""
    from apps.faces.services import find, find_pictures

    busy = Job.objects.active().filter(kind=find_faces.name).exists()
    if not busy and find.videos_never_looked_through().exists():
        enqueue(find_faces, {"only_new": True}, dedupe_key="faces.find:new")
    if find_pictures.images_to_look_at().exists():
        request_find_images()


@periodic("faces.removed", every_s=600)
def follow_removals() -> None:
    """Catch faces that went with their videos or pictures."""
    counted = writes(*removed.COUNTED)
    if _writes_then == [counted]:
        return  # to look for it would read whole tables
    if not removed.follow_removals():
        _writes_then[:] = [] if counted is None else [counted]


def _chosen(*, q: str = "", ids: Sequence[int] | None = None) -> QuerySet[Video]:
    """Raises QueryError."""
    if ids is not None:
        named: QuerySet[Video] = Video.objects.filter(pk__in=list(ids))
        return named
    asker = Asker(context.current().user_id, timezone.localtime())
    return Question.read(q, asker=asker).videos()


def _items(videos: QuerySet[Video], library: Library, *, again: bool) -> Iterator[Item]:
    """A job for each video. Named by content, too: another content is another piece of work."""
    lane = lane_of(library)
    rows = videos.order_by("pk").values_list("pk", "primary_file__content")
    for pk, content in rows.iterator(_PORTION):
        yield Item(
            f"{pk} {(content or '')[:8]}", {"video_id": pk, "again": again}, lane=lane
        )  # fmt: skip
