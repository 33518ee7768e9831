"""Identifying videos: asked for by a person, on a schedule, and when scans find new ones."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.core import context
from apps.jobs.choices import LogLevel, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.identify import AT_ONCE, boxes_to_ask, identify, pages

_PART = 50 * AT_ONCE  # videos of one job: whole requests, some seconds each
_ACCEPTED_AT_ONCE = AT_ONCE


@task(
    "stashbox.identify", title="Identify videos", queue=Queue.NET, unit="videos", schedulable=True
)
def identify_videos(
    job: JobContext,
    *,
    q: str = "",
    ids: Sequence[int] | None = None,
    box_ids: Sequence[int] | None = None,
    again: bool = False,
) -> dict[str, Any]:
    """Of many videos each part is a job of its own: several workers do them side by side."""
    videos = chosen(q=q, ids=ids)
    boxes_to_ask(box_ids)  # that there is none is this job's failure, not each part's
    if videos.order_by().count() <= _PART:
        return _identify(job, videos, box_ids=box_ids, again=again)
    shared = {"q": q, "box_ids": box_ids, "again": again, "user_id": context.current().user_id}
    job.split(identify_part, _parts(videos, shared, named=ids is not None))
    return {}


@task("stashbox.identify_part", title="Identify videos", queue=Queue.NET, unit="videos")
def identify_part(
    job: JobContext,
    *,
    user_id: int | None,
    first: int = 0,
    last: int = 0,
    q: str = "",
    ids: Sequence[int] | None = None,
    box_ids: Sequence[int] | None = None,
    again: bool = False,
) -> dict[str, Any]:
    """Some by their ids, or of those that a query finds the ones from ``first`` to ``last``."""
    videos = chosen(q=q, ids=ids, user_id=user_id)
    if ids is None:
        videos = videos.filter(pk__range=(first, last))
    return _identify(job, videos, box_ids=box_ids, again=again)


@task("stashbox.accept", title="Accept candidates", queue=Queue.CPU, unit="candidates")
def accept(job: JobContext, *, ids: Sequence[int], from_score: int) -> dict[str, Any]:
    """Some at a time, each portion kept as it is done; what was decided meanwhile is left alone."""
    from apps.stashbox.services import review

    accepted = done = 0
    for at in range(0, len(ids), _ACCEPTED_AT_ONCE):
        portion = ids[at : at + _ACCEPTED_AT_ONCE]
        with job.guard():
            matches = StashMatch.objects.filter(pk__in=portion)
            accepted += len(review.accept_many(matches, from_score=from_score))
        done += len(portion)
        job.report(done, len(ids), accepted=accepted)
    return {"accepted": accepted}


def request_identify(
    *,
    q: str = "",
    ids: Sequence[int] | None = None,
    box_ids: Sequence[int] | None = None,
    again: bool = False,
) -> Job:
    """Ask for videos to be identified: those that a query finds, or some by their ids.

    Raises QueryError, NoBox.
    """
    boxes_to_ask(box_ids)
    if ids is None:
        chosen(q=q)  # a query that makes no sense is told of now
    wanted = {
        "q": q, "ids": None if ids is None else sorted(ids),
        "box_ids": None if box_ids is None else sorted(box_ids), "again": again,
    }  # fmt: skip
    return enqueue(identify_videos, wanted)


def request_on_import(video_ids: Sequence[int]) -> Job | None:
    """Ask for new videos to be identified, if that is wanted and there is a box to ask."""
    if not settings_of_all().on_import or not StashBox.objects.filter(enabled=True).exists():
        return None
    return request_identify(ids=video_ids)


def request_accept(matches: QuerySet[StashMatch], *, from_score: int) -> Job:
    """Ask for the candidates that are to be reviewed now, from a score on, to be accepted."""
    wanted = matches.filter(state=MatchState.REVIEW, score__gte=from_score)
    ids = list(wanted.order_by("-score", "pk").values_list("pk", flat=True))
    return enqueue(accept, {"ids": ids, "from_score": from_score})


def chosen(
    *, q: str = "", ids: Sequence[int] | None = None, user_id: int | None = None
) -> QuerySet[Video]:
    """Raises QueryError."""
    if ids is not None:
        named: QuerySet[Video] = Video.objects.filter(pk__in=list(ids))
        return named
    asker = Asker(user_id or context.current().user_id, timezone.localtime())
    return Question.read(q, asker=asker).videos()


def _identify(
    job: JobContext, videos: QuerySet[Video], *, box_ids: Sequence[int] | None, again: bool
) -> dict[str, Any]:
    found = identify(
        videos, boxes=boxes_to_ask(box_ids), again=again, report=job.report, guard=job.guard
    )
    for name, message in found.failed.items():
        job.log(f"{name}: {message}", level=LogLevel.ERROR)
    summary = asdict(found)
    return {**summary, "failed": len(summary.pop("failed")), "reasons": summary.pop("reasons")}


def _parts(videos: QuerySet[Video], shared: dict[str, Any], *, named: bool) -> Iterator[Item]:
    for page in pages(videos, _PART):
        own = {"ids": page} if named else {"first": page[0], "last": page[-1]}
        yield Item(f"{page[0]}-{page[-1]}", {**shared, **own})
