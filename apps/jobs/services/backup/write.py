"""Writing a backup: one JSON object."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from apps.jobs.choices import ACTIVE, FINISHED, JobState
from apps.jobs.models import Hold, Job, JobDependency, Schedule
from apps.jobs.services.backup.lines import FORMAT, MOST_BYTES, VERSION, TooLargeBackup

_CHUNK = 500
_PORTION = 2**16
_PLAIN = (
    "uid", "kind", "state", "queue", "priority", "params", "dedupe_key", "item", "is_batch",
    "lane", "lane_limit", "target_type", "target_id", "created_at", "run_at", "urgency",
    "started_at", "finished_at", "attempt", "max_attempts", "crashes", "quarantined", "evidence",
    "done", "total", "unit", "facts", "summary", "error_type", "error_message",
)  # fmt: skip
_ASIDE = (
    "pause_requested", "lease_until", "parent__uid", "parent__state", "requested_by__username",
    "needs",
)  # fmt: skip
SCHEDULE = ("name", "kind", "params", "cron", "priority", "enabled")
HOLD = ("queue", "kind", "reason")


def backup() -> Iterator[str]:
    """The active jobs, schedules and holds, as of one moment, each job on a line of its own.

    With them goes what they are parts of, and what of an open batch has ended already, for its sum.
    Prerequisites that have ended are left out: nobody waits for them. Jobs are named by their
    ``uid``, people by their names. Memory is bounded. Raises TooLargeBackup, at once.
    """
    portions = _portions()
    next(portions)
    return portions


def _portions() -> Iterator[str]:
    """Nothing as soon as all has been read, then all of it. In between stands a file that has no
    name: a slow reader must not keep a transaction open."""
    folder = settings.MEDIAHUB_DATA_DIR / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile("w+", dir=folder, encoding="utf-8") as file:
        left = MOST_BYTES
        with transaction.atomic():
            for text in _written():
                left -= len(text)  # it is ASCII
                if left < 0:
                    raise TooLargeBackup(f"The backup would exceed {MOST_BYTES:,} bytes.")
                file.write(text)
        yield ""
        file.seek(0)
        while text := file.read(_PORTION):
            yield text


def _written() -> Iterator[str]:
    head = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": timezone.now(),
        "schedules": list(Schedule.objects.order_by("pk").values(*SCHEDULE)),
        "holds": list(Hold.objects.order_by("pk").values(*HOLD)),
    }
    yield _json(head)[:-1] + ',"jobs":['
    ending = "\n"
    rows = _chosen().iterator(chunk_size=_CHUNK)
    while some := [_json(_line(row)) for row in islice(rows, _CHUNK)]:
        yield ending + ",\n".join(some)
        ending = ",\n"
    yield "\n]}\n"


def _chosen() -> QuerySet[Job, dict[str, Any]]:
    """One statement, and so one moment, in an order in which none refers to a later one."""
    active, ended = Job.objects.active(), Job.objects.finished()
    parts = ended.filter(parent__in=active.filter(is_batch=True).values("pk"))
    wholes = ended.filter(pk__in=active.filter(parent__isnull=False).values("parent"))
    ids = active.values("pk").union(parts.values("pk"), wholes.values("pk"))
    needs = JobDependency.objects.filter(job=OuterRef("pk"), needs__state__in=ACTIVE)
    chosen = Job.objects.filter(pk__in=ids).annotate(
        needs=ArraySubquery(needs.order_by("needs").values("needs__uid"))
    )
    rows: QuerySet[Job, dict[str, Any]] = chosen.order_by("pk").values(*_PLAIN, *_ASIDE)
    return rows


def _line(row: dict[str, Any]) -> dict[str, Any]:
    line = {name: row[name] for name in _PLAIN}
    line["after"] = row["needs"]
    line["requested_by"] = row["requested_by__username"]
    # a whole that has ended is kept for its parts, without what it is a part of in its turn
    top = row["state"] in FINISHED and row["parent__state"] in FINISHED
    line["parent"] = None if top else row["parent__uid"]
    if row["lease_until"]:
        line["is_batch"] = False  # its worker was about to split it, and will do so anew
        if row["pause_requested"] and row["state"] == JobState.RUNNING:
            line["state"] = JobState.PAUSED
    return line


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> str:
    """Times to the microsecond: jobs stand in their order."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
