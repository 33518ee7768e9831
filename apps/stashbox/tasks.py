"""Identifying videos and performers, reading what stands beside videos, and giving back: asked for
by a person, on a schedule, and when scans find new ones."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.core import context
from apps.core.errors import MediaHubError
from apps.jobs.choices import LogLevel, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import Rules, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Performer, Video
from apps.library.search import Asker, Question
from apps.stashbox.choices import MatchState
from apps.stashbox.client import BoxError
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.services import performers
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.bulk import accept_many
from apps.stashbox.services.drafts import give_draft
from apps.stashbox.services.identify import AT_ONCE, Found, boxes_to_ask, identify, pages
from apps.stashbox.services.scrape import scrape_files
from apps.stashbox.services.submit import check_may_give, submit_fingerprints

_PART = 50 * AT_ONCE  # videos of one job: whole requests, some seconds each
_ACCEPTED_AT_ONCE = AT_ONCE


class BoxesFailed(MediaHubError):
    """No box answered, or one that may answer soon did not: then the job is tried again."""

    code = "boxes_failed"

    def __init__(self, found: Found) -> None:
        super().__init__(" ".join(found.failed.values()))
        self.passing = found.passing


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
    accepted = done = 0
    for at in range(0, len(ids), _ACCEPTED_AT_ONCE):
        portion = ids[at : at + _ACCEPTED_AT_ONCE]
        with job.guard():
            matches = StashMatch.objects.filter(pk__in=portion)
            accepted += len(accept_many(matches, from_score=from_score))
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


def identifying() -> Job | None:
    """The job that identifies videos now, or waits to."""
    kind = identify_videos.name
    found: Job | None = Job.objects.active().filter(kind=kind).order_by("pk").first()
    return found


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
    boxes = boxes_to_ask(box_ids)
    found = identify(
        videos, boxes=boxes, again=again, since=job.job.created_at, report=job.report,
        guard=job.guard,
    )  # fmt: skip
    for name, message in found.failed.items():
        job.log(f"{name}: {message}", level=LogLevel.ERROR)
    if found.passing or len(found.failed) == len(boxes):  # what was answered isn't asked again
        raise BoxesFailed(found)
    summary = asdict(found)
    del summary["passing"]
    summary["boxes_failed"] = len(summary.pop("failed"))  # "failed" are a batch's own jobs
    return summary


def _parts(videos: QuerySet[Video], shared: dict[str, Any], *, named: bool) -> Iterator[Item]:
    for page in pages(videos, _PART):
        own = {"ids": page} if named else {"first": page[0], "last": page[-1]}
        yield Item(f"{page[0]}-{page[-1]}", {**shared, **own})


@task(
    "stashbox.performers", title="Look performers up", queue=Queue.NET, unit="performers",
    schedulable=True,
)  # fmt: skip
def look_up_performers(job: JobContext, *, box_ids: Sequence[int] | None = None) -> dict[str, Any]:
    """Is anybody there now who wasn't? And has anything changed of those who are?

    Neither is asked about more often than once in ``AGAIN_AFTER``.
    """
    now, told = timezone.now(), Counter[str]()
    for box in boxes_to_ask(box_ids):
        try:
            found = performers.check_unlinked(box, now=now, report=job.report, guard=job.guard)
            fresh = performers.refresh(
                box, before=now - performers.AGAIN_AFTER, report=job.report, guard=job.guard
            )
        except BoxError as error:  # the other boxes are asked all the same
            told["failed"] += 1
            job.log(str(error), level=LogLevel.ERROR)
            continue
        told.update(
            asked=found.asked, linked=found.linked, review=found.review, refreshed=fresh.asked,
            changed=fresh.changed, followed=fresh.followed, gone=fresh.gone,
        )  # fmt: skip
    return dict(told)


@task(
    "stashbox.submit", title="Give fingerprints back", queue=Queue.NET, unit="fingerprints",
    target=("box_id", "stashbox.stashbox"),
)  # fmt: skip
def submit(job: JobContext, *, box_id: int, q: str = "") -> dict[str, Any]:
    """Of all videos, or of those that a query finds."""
    box, videos = StashBox.objects.get(pk=box_id), chosen(q=q) if q else None
    given = submit_fingerprints(box, videos=videos, report=job.report, guard=job.guard)
    for told in given.told:
        job.log(told, level=LogLevel.WARNING)
    return {"sent": given.sent, "requests": given.requests, "refused": given.refused}


@task(
    "stashbox.draft", title="Give a draft", queue=Queue.NET, unit="drafts",
    target=("box_id", "stashbox.stashbox"),
    rules=Rules(attempts=1),  # one whose answer was lost may be there
)  # fmt: skip
def draft(
    _job: JobContext,
    *,
    box_id: int,
    video_id: int | None = None,
    performer_id: int | None = None,
    again: bool = False,
) -> dict[str, Any]:
    """Of a video or of a performer."""
    row: Video | Performer
    if video_id is not None:
        row = Video.objects.get(pk=video_id)
    else:
        assert performer_id is not None
        row = Performer.objects.get(pk=performer_id)
    given = give_draft(row, StashBox.objects.get(pk=box_id), again=again)
    return {"draft": given.remote_id}


@task(
    "stashbox.scrape", title="Read files beside videos", queue=Queue.DISK, unit="videos",
    schedulable=True,
)  # fmt: skip
def scrape(job: JobContext, *, q: str = "", ids: Sequence[int] | None = None) -> dict[str, Any]:
    """Candidates from what stands beside the videos that a query finds, always to be reviewed."""
    outcome = scrape_files(chosen(q=q, ids=ids), report=job.report, guard=job.guard)
    for told in outcome.told:
        job.log(told, level=LogLevel.WARNING)
    return {"videos": outcome.videos, "found": outcome.found, "refused": outcome.refused}


def request_performers(box_ids: Sequence[int] | None = None) -> Job:
    """Ask for performers to be looked up. Raises NoBox."""
    boxes_to_ask(box_ids)
    wanted = None if box_ids is None else sorted(box_ids)
    key = f"stashbox.performers:{wanted}"
    return enqueue(look_up_performers, {"box_ids": wanted}, dedupe_key=key)


def request_submit(box: StashBox, *, q: str = "") -> Job:
    """Ask for fingerprints to be given back, of all videos or of those that a query finds; once at
    a time for a box and a query. Raises GivingRefused, QueryError."""
    check_may_give(box)
    chosen(q=q)  # a query that makes no sense is told of now
    key = f"stashbox.submit:{box.pk}:{blake2b(q.encode(), digest_size=16).hexdigest()}"
    return enqueue(submit, {"box_id": box.pk, "q": q}, target=box, dedupe_key=key)


def request_draft(of: Video | Performer, box: StashBox, *, again: bool = False) -> Job:
    """Ask for a draft to be given. Raises GivingRefused."""
    check_may_give(box)
    which = "video_id" if isinstance(of, Video) else "performer_id"
    key = f"stashbox.draft:{box.pk}:{which}:{of.pk}"
    params = {"box_id": box.pk, which: of.pk, "again": again}
    return enqueue(draft, params, target=box, dedupe_key=key)


def request_scrape(*, q: str = "", ids: Sequence[int] | None = None) -> Job:
    """Ask for the files beside videos to be read. Raises QueryError."""
    if ids is None:
        chosen(q=q)  # a query that makes no sense is told of now
    return enqueue(scrape, {"q": q, "ids": None if ids is None else sorted(ids)})
