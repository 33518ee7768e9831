"""What Browse asks for beyond one request."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.artifacts.tasks import make
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Library, Video
from apps.library.search import Asker, Question
from apps.library.tasks.lanes import lane_of

_PORTION = 2_000


@task("browse.make", title="Make pictures", queue=Queue.CPU, unit="videos")
def make_pictures(
    job: JobContext,
    *,
    ids: list[int] | None = None,
    q: str = "",
    but: Sequence[int] = (),
    user_id: int | None = None,
    asked_at: str = "",
) -> dict[str, Any]:
    """Make what some videos lack of the usual artifacts."""
    videos = Video.objects.present()
    if ids is not None:
        videos = videos.filter(pk__in=ids)
    else:
        asker = Asker(user_id=user_id, now=datetime.fromisoformat(asked_at))
        videos = Question.read(q, asker=asker).within(videos).exclude(pk__in=list(but))
    job.split(make, _items(videos))
    return {}


def request_pictures(
    *, user_id: int | None, ids: list[int] | None = None, q: str = "", but: Sequence[int] = ()
) -> Job:
    """Ask for the pictures of videos: named ones, or all that a query finds but some."""
    if ids is not None:
        return enqueue(make_pictures, {"ids": ids})
    asked_at = timezone.localtime().isoformat()  # whose day "today" is
    return enqueue(
        make_pictures, {"q": q, "but": list(but), "user_id": user_id, "asked_at": asked_at}
    )


def _items(videos: QuerySet[Video]) -> Iterator[Item]:
    """A job for each video, in the lane of its library."""
    lanes = {library.pk: lane_of(library) for library in Library.objects.all()}
    rows = videos.order_by("pk").values_list("pk", "library")
    for pk, library in rows.iterator(_PORTION):
        yield Item(str(pk), {"video_id": pk, "kinds": None}, lane=lanes[library])
