"""Rules and names: by hand, on a schedule, and when videos come."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.core import context
from apps.core.errors import MediaHubError
from apps.core.models import AuditEntry
from apps.jobs.choices import LogLevel, Queue
from apps.jobs.context import JobContext, JobStopped
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.rules.services.autotag import Finding, auto_tag, settings_of_all
from apps.rules.services.rules import in_order, run_rule


@task("rules.run", title="Run rules", queue=Queue.CPU, unit="videos", schedulable=True)
def run(job: JobContext, *, rule_ids: Sequence[int] | None = None) -> dict[str, Any]:
    """The named rules, else all that are enabled, one after the other."""
    return _run_all(job, rule_ids=rule_ids)


@task(
    "rules.autotag", title="Find labels by their names", queue=Queue.CPU, unit="videos",
    schedulable=True,
)  # fmt: skip
def autotag(job: JobContext, *, q: str = "", ids: Sequence[int] | None = None) -> dict[str, Any]:
    found = auto_tag(chosen(q=q, ids=ids), settings_of_all(), report=job.report, guard=job.guard)
    return summary_of(found)


@task("rules.on_import", title="Rules for new videos", queue=Queue.CPU, unit="videos")
def on_import(job: JobContext, *, video_ids: Sequence[int]) -> dict[str, Any]:
    """First names, so that rules can speak of the labels that were found."""
    settings = settings_of_all()
    told: dict[str, Any] = {}
    if settings.on_import:
        videos = Video.objects.filter(pk__in=list(video_ids))
        told["names"] = auto_tag(videos, settings, guard=job.guard).outcome.changed
    return told | _run_all(job, on_import=True, video_ids=video_ids)


def request_run(rule_ids: Sequence[int] | None = None) -> Job:
    """Ask for rules to be run."""
    wanted = None if rule_ids is None else sorted(rule_ids)
    return enqueue(run, {"rule_ids": wanted}, dedupe_key=f"rules.run:{wanted}")


def request_autotag(*, q: str = "", ids: Sequence[int] | None = None) -> Job:
    """Ask for labels to be found by their names, in all videos that a query finds."""
    return enqueue(autotag, {"q": q, "ids": ids})


def request_on_import(video_ids: Sequence[int]) -> Job | None:
    """Ask for what is to be done with new videos, if there is anything."""
    if not (settings_of_all().on_import or in_order(on_import=True)):
        return None
    return enqueue(on_import, {"video_ids": sorted(video_ids)})


def chosen(*, q: str = "", ids: Sequence[int] | None = None) -> QuerySet[Video]:
    """Raises QueryError."""
    if ids is not None:
        named: QuerySet[Video] = Video.objects.filter(pk__in=list(ids))
        return named
    asker = Asker(context.current().user_id, timezone.localtime())
    return Question.read(q, asker=asker).videos()


def summary_of(found: Finding) -> dict[str, Any]:
    outcome = found.outcome
    return {
        "matched": outcome.matched, "changed": outcome.changed, "unchanged": outcome.unchanged,
        "entry": outcome.entry and outcome.entry.pk,
    }  # fmt: skip


def _run_all(
    job: JobContext,
    *,
    rule_ids: Sequence[int] | None = None,
    on_import: bool = False,
    video_ids: Sequence[int] | None = None,
) -> dict[str, Any]:
    """A rule that can't be run, since something that it names is gone, keeps no other from it."""
    changed, failed = 0, 0
    entries: list[int] = []
    before = _done_before(job)
    for rule in in_order(rule_ids, on_import=on_import):
        if rule.entry and rule.entry in before:
            changed, entries = changed + before[rule.entry], [*entries, rule.entry]
            continue
        try:
            outcome = run_rule(
                rule, now=timezone.localtime(), ids=video_ids, report=job.report, guard=job.guard
            )
        except JobStopped:
            raise
        except MediaHubError as error:
            failed += 1
            job.log(f"{rule}: {error}", level=LogLevel.ERROR)
            continue
        changed += outcome.changed
        entries += [outcome.entry.pk] if outcome.entry else []
        job.log(f"{rule}: {outcome.changed:,} of {outcome.matched:,} videos changed.")
    return {"changed": changed, "entries": entries, "failed": failed}


def _done_before(job: JobContext) -> dict[int, int]:
    """The entries that the job had left when its worker was lost, and of how many videos: rules
    that replace text, say, aren't run twice then."""
    if job.job.attempt < 2:
        return {}
    done = AuditEntry.objects.filter(job_id=job.job.pk, row_count__gt=0)
    return dict(done.values_list("pk", "row_count"))
