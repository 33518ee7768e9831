"""Asking for transcodes: of one video, of many, by rules."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import context
from apps.core.errors import MediaHubError
from apps.jobs.choices import LogLevel, Queue
from apps.jobs.context import JobContext, JobStopped
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.machines.services import inventory
from apps.transcodes.models import EncodingProfile, Transcode, TranscodeRule
from apps.transcodes.services import rules
from apps.transcodes.services.requests import (
    Wish,
    ask_many,
    ask_one,
    check_place,
    foresee,
    uses_card,
)
from apps.transcodes.tasks.encoding import encode, encode_on_card, item_of, note_jobs, start

_NIGHTLY_HOUR = 2


@task(
    "transcodes.ask", title="Transcodes", queue=Queue.CPU, unit="videos",
    target=("profile_id", "transcodes.encodingprofile"),
)  # fmt: skip
def ask(
    job: JobContext,
    *,
    profile_id: int,
    q: str = "",
    ids: Sequence[int] | None = None,
    user_id: int | None = None,
    place: str = "",
    again: bool = False,
) -> dict[str, Any]:
    """A job for each video that doesn't comply yet."""
    profile = EncodingProfile.objects.get(pk=profile_id)
    wish = Wish.of(profile, inventory.all_abilities(), place=place)
    return {"asked": _split(job, chosen(q=q, ids=ids, user_id=user_id), wish, again=again)}


@task(
    "transcodes.foresee", title="Foresee transcodes", queue=Queue.CPU, unit="videos",
    target=("profile_id", "transcodes.encodingprofile"),
)  # fmt: skip
def foresee_all(
    job: JobContext,
    *,
    profile_id: int,
    q: str = "",
    ids: Sequence[int] | None = None,
    user_id: int | None = None,
    place: str = "",
    again: bool = False,
    rule_id: int | None = None,
) -> dict[str, Any]:
    """Its summary is the forecast, if ``rule_id`` is given of that rule; nothing is asked for."""
    profile = EncodingProfile.objects.get(pk=profile_id)
    rule = TranscodeRule.objects.get(pk=rule_id) if rule_id else None
    wish = Wish.of(profile, inventory.all_abilities(), place=place, rule=rule)
    if rule is None:
        videos = chosen(q=q, ids=ids, user_id=user_id)
    else:
        videos = rules.left_to(rule, now=timezone.localtime())
    return asdict(foresee(videos, wish, again=again, report=job.report))


@task(
    "transcodes.run_rules", title="Rules for transcodes", queue=Queue.CPU, unit="videos",
    schedulable=True,
)  # fmt: skip
def run_rules(
    job: JobContext,
    *,
    rule_ids: Sequence[int] | None = None,
    video_ids: Sequence[int] | None = None,
    nightly: bool = False,
) -> dict[str, Any]:
    """The named rules, else all that are enabled: the first that finds a video has it."""
    asked = failed = 0
    on_import = video_ids is not None
    for rule in rules.in_order(rule_ids, on_import=on_import, nightly=nightly):
        try:
            videos = rules.left_to(rule, now=timezone.localtime(), ids=video_ids)
            wish = Wish.of(rule.profile, inventory.all_abilities(), rule=rule)
            asked += _split(job, videos, wish)
        except JobStopped:
            raise
        except MediaHubError as error:
            failed += 1
            job.log(f"{rule}: {error}", level=LogLevel.ERROR)
            continue
        rules.note_run(rule, now=timezone.now())
    return {"asked": asked, "rules_failed": failed}


def request_one(
    video: Video, profile: EncodingProfile, *, place: str = ""
) -> tuple[Transcode, Job]:
    """Ask for one video to be transcoded. Raises NoSource, NothingToDo, UnderWay, NoPlace."""
    wish = Wish.of(profile, inventory.all_abilities(), place=place)
    with transaction.atomic():  # without its job somebody else's asking would give it another
        transcode = ask_one(video, wish)
        return transcode, start(transcode, encode_on_card if uses_card(transcode) else encode)


def request_many(
    profile: EncodingProfile,
    *,
    q: str = "",
    ids: Sequence[int] | None = None,
    place: str = "",
    again: bool = False,
) -> Job:
    """Ask for the videos that a query finds, or some by their ids. Raises QueryError."""
    return enqueue(ask, _asked(profile, q=q, ids=ids, place=place, again=again))


def request_forecast(
    profile: EncodingProfile,
    *,
    q: str = "",
    ids: Sequence[int] | None = None,
    place: str = "",
    again: bool = False,
) -> Job:
    """Ask what the same would come to. Raises QueryError."""
    return enqueue(foresee_all, _asked(profile, q=q, ids=ids, place=place, again=again))


def request_rule_forecast(rule: TranscodeRule) -> Job:
    """Ask what a rule would come to now. Raises QueryError."""
    rules.left_to(rule, now=timezone.localtime())
    return enqueue(foresee_all, {"profile_id": rule.profile_id, "rule_id": rule.pk})


def request_rules(rule_ids: Sequence[int] | None = None) -> Job:
    """Ask for rules to be run."""
    wanted = None if rule_ids is None else sorted(rule_ids)
    return enqueue(run_rules, {"rule_ids": wanted}, dedupe_key=f"transcodes.run_rules:{wanted}")


def request_on_import(video_ids: Sequence[int]) -> Job | None:
    """Ask for what rules do with new videos, if there are such rules."""
    if not rules.in_order(on_import=True):
        return None
    return enqueue(run_rules, {"video_ids": sorted(video_ids)})


def request_nightly(*, now: datetime) -> Job | None:
    """Ask for what rules do each night, if there are such rules and it is that hour (local)."""
    if now.hour != _NIGHTLY_HOUR or not rules.in_order(nightly=True):
        return None
    return enqueue(run_rules, {"nightly": True}, dedupe_key="transcodes.run_rules:nightly")


@periodic("transcodes.nightly", every_s=3_600)
def run_nightly() -> None:
    request_nightly(now=timezone.localtime())


def chosen(
    *, q: str = "", ids: Sequence[int] | None = None, user_id: int | None = None
) -> QuerySet[Video]:  # fmt: skip
    """Raises QueryError."""
    if ids is not None:
        named: QuerySet[Video] = Video.objects.filter(pk__in=list(ids))
        return named
    return Question.read(q, asker=Asker(user_id, timezone.localtime())).videos()


def _asked(
    profile: EncodingProfile, *, q: str, ids: Sequence[int] | None, place: str, again: bool
) -> dict[str, Any]:
    user_id = context.current().user_id
    check_place(profile, place)
    chosen(q=q, ids=ids, user_id=user_id)
    return {
        "profile_id": profile.pk, "q": q, "ids": None if ids is None else sorted(ids),
        "user_id": user_id, "place": place, "again": again,
    }  # fmt: skip


def _split(job: JobContext, videos: QuerySet[Video], wish: Wish, *, again: bool = False) -> int:
    """Children of ``job``, as they are planned; how many."""
    asked = 0
    for made in ask_many(videos, wish, again=again, report=job.report, guard=job.guard):
        for kind in (encode, encode_on_card):
            wanted = [one for one in made if (kind is encode_on_card) == uses_card(one)]
            if wanted:
                job.split(kind, map(item_of, wanted))
        note_jobs([one.pk for one in made])
        asked += len(made)
    return asked
