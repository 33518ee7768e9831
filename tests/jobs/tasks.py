"""Tasks that only the tests know."""

import os
import signal
from typing import Any

from apps.core.errors import MediaHubError
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.registry import Task, task


class Refused(MediaHubError):
    """Foreseen."""

    code = "refused"


@task("tests.count", title="Count", queue=Queue.CPU)
def count(job: JobContext, *, to: int) -> dict[str, Any]:
    for number in range(to + 1):
        job.report(number, to)
    job.log("counted")
    return {"counted": to}


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


@task("tests.hang", title="Hang", queue=Queue.CPU)
def hang(job: JobContext) -> dict[str, Any]:
    turns = 0
    while True:
        turns += 1
        job.report(turns)


ALL: list[Task] = [count, refuse, fail, die, hang]
