"""Tasks that only the tests know."""

import os
import signal
from datetime import timedelta
from typing import Any

from django.db import connection

from apps.core.errors import MediaHubError
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext, JobPaused, JobPostponed
from apps.jobs.models import Job
from apps.jobs.registry import Task, task
from apps.jobs.services.lifecycle import cancel


class Refused(MediaHubError):
    """Foreseen."""

    code = "refused"


@task("tests.count", title="Count", queue=Queue.CPU, schedulable=True)
def count(job: JobContext, *, to: int) -> dict[str, Any]:
    for number in range(to + 1):
        job.report(number, to)
    job.log("counted")
    return {"counted": to}


@task("tests.silent", title="Silent", queue=Queue.CPU)
def silent(_job: JobContext) -> dict[str, Any]:
    return {}


@task("tests.refuse", title="Refuse", queue=Queue.CPU)
def refuse(_job: JobContext) -> dict[str, Any]:
    raise Refused("That can't be done.")


@task("tests.fail", title="Fail", queue=Queue.CPU)
def fail(_job: JobContext) -> dict[str, Any]:
    raise ZeroDivisionError("unforeseen")


@task("tests.die", title="Die", queue=Queue.CPU)
def die(_job: JobContext) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@task("tests.hang", title="Hang", queue=Queue.CPU, schedulable=True)
def hang(job: JobContext) -> dict[str, Any]:
    turns = 0
    while True:
        turns += 1
        job.report(turns)


def cut_off_others() -> None:
    """End all connections to the database but the caller's, as its restart does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@task("tests.cut_off", title="Cut off", queue=Queue.CPU)
def cut_off(_job: JobContext) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return {}


@task("tests.odd_summary", title="Odd summary", queue=Queue.CPU)
def odd_summary(_job: JobContext) -> dict[str, Any]:
    return {"odd": object()}


@task("tests.odd_error", title="Odd error", queue=Queue.CPU)
def odd_error(_job: JobContext) -> dict[str, Any]:
    raise Refused("nul \0 and half a character \ud800")


@task("tests.odd_log", title="Odd log", queue=Queue.CPU)
def odd_log(job: JobContext) -> dict[str, Any]:
    job.log("nul \0 and half a character \ud800")
    raise Refused("but it was logged")


@task("tests.cancel_while_pausing", title="Cancel while pausing", queue=Queue.CPU)
def cancel_while_pausing(job: JobContext) -> dict[str, Any]:
    cancel(Job.objects.get(pk=job.job.pk))
    raise JobPaused


@task("tests.no_summary", title="No summary", queue=Queue.CPU)
def no_summary(_job: JobContext) -> Any:
    return [1]


@task("tests.odd_facts", title="Odd facts", queue=Queue.CPU)
def odd_facts(job: JobContext) -> dict[str, Any]:
    job.report(1, 2, name="nul \0", thing=object())
    return {}


@task("tests.postpone", title="Postpone", queue=Queue.CPU)
def postpone(job: JobContext, *, minutes: int) -> dict[str, Any]:
    job.report(1, 2)
    raise JobPostponed("the card is warm (84 °C)", timedelta(minutes=minutes))


# What the gate of the task below says.
gate_says: list[str] = []


def _gate() -> str:
    if "fail" in gate_says:
        raise ZeroDivisionError
    return gate_says[0] if gate_says else ""


@task("tests.gated", title="Gated", queue=Queue.NET, gate=_gate)
def gated(_job: JobContext) -> dict[str, Any]:
    return {}


ALL: list[Task] = [
    count,
    refuse,
    fail,
    die,
    hang,
    cut_off,
    odd_summary,
    odd_error,
    odd_log,
    no_summary,
    odd_facts,
]
