"""Work that has one effect, and work that misbehaves."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from django.db import connection

from apps.core import process
from apps.jobs.choices import Queue
from apps.jobs.cluster import canary
from apps.jobs.context import JobContext
from apps.jobs.registry import task

EFFECTS = "CREATE TABLE IF NOT EXISTS rig_effect (job bigint NOT NULL, worker text NOT NULL)"

# Tests have less time than people.
canary.EVERY_S = float(os.environ.get("RIG_CANARY_SECONDS", canary.EVERY_S))
if "RIG_TURN_SECONDS" in os.environ:
    from apps.jobs.cluster import node

    node._TURN_S = float(os.environ["RIG_TURN_SECONDS"])


@task("tests.rig_nothing", title="Nothing", queue=Queue.CPU)
def nothing(_job: JobContext) -> dict[str, Any]:
    return {}


@task("tests.rig_note", title="Note", queue=Queue.CPU)
def note(_job: JobContext, *, file: str) -> dict[str, Any]:
    """Adds the time to a file."""
    with Path(file).open("a") as opened:
        opened.write(f"{time.time()}\n")
    return {}


@task("tests.rig_effect", title="Effect", queue=Queue.CPU)
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


@task("tests.rig_lane", title="Lane", queue=Queue.CPU)
def lane(job: JobContext, *, seconds: float = 0.0) -> dict[str, Any]:
    """Has its effect, and tells how many of its lane it saw at work."""
    effect.work(job, seconds=seconds)
    busy = type(job.job).objects.with_worker().filter(lane=job.job.lane)
    return {"seen": busy.count()}


@task("tests.rig_die", title="Die", queue=Queue.CPU)
def die(_job: JobContext) -> dict[str, Any]:
    process.run(["true"], timeout_s=10)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@task("tests.rig_deaf", title="Deaf", queue=Queue.CPU)
def deaf(_job: JobContext, *, seconds: float = 600.0) -> dict[str, Any]:
    """Waits for a program and never asks whether it should."""
    process.run(["sleep", str(seconds)], timeout_s=900)
    return {}


@task("tests.rig_stumble", title="Stumble", queue=Queue.CPU)
def stumble(job: JobContext, *, seconds: float) -> dict[str, Any]:
    """Hangs in a program at first, and has its effect the next time."""
    if job.job.attempt == 1:
        process.run(["sleep", str(seconds)], timeout_s=900)
    return effect.work(job)


@task("tests.rig_count", title="Count slowly", queue=Queue.CPU)
def count_slowly(job: JobContext, *, seconds: float) -> dict[str, Any]:
    """Reports something new all the time."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        time.sleep(0.02)
        done += 1
        job.report(done)
    return {"counted": done}
