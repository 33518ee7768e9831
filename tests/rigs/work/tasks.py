"""Work that has one effect, and work that misbehaves."""

import os
import signal
import time
from typing import Any

from django.db import connection

from apps.core import process
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.registry import task

EFFECTS = "CREATE TABLE IF NOT EXISTS rig_effect (job bigint NOT NULL, worker text NOT NULL)"


@task("rig.nothing", title="Nothing", queue=Queue.CPU)
def nothing(_job: JobContext) -> dict[str, Any]:
    return {}


@task("rig.effect", title="Effect", queue=Queue.CPU)
def effect(job: JobContext, *, seconds: float = 0.0) -> dict[str, Any]:
    """Takes its time, then has its effect, unless an earlier attempt had it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.02)
        job.report(0)
    with job.guard(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rig_effect SELECT %s, %s "
            "WHERE NOT EXISTS (SELECT FROM rig_effect WHERE job = %s)",
            [job.job.pk, job.job.worker, job.job.pk],
        )
    return {"effects": 1}


@task("rig.die", title="Die", queue=Queue.CPU)
def die(_job: JobContext) -> dict[str, Any]:
    process.run(["true"], timeout_s=10)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@task("rig.deaf", title="Deaf", queue=Queue.CPU)
def deaf(_job: JobContext, *, seconds: float = 600.0) -> dict[str, Any]:
    time.sleep(seconds)
    return {}


@task("rig.child", title="Child", queue=Queue.CPU)
def child(_job: JobContext) -> dict[str, Any]:
    """Waits for a program, as work with ffmpeg does."""
    process.run(["sleep", "600"], timeout_s=900)
    return {}
