"""Kinds of jobs that this machine starts none of for now, and why: tasks say it by their gates."""

import logging
from collections.abc import Iterable, Mapping

from apps.jobs.choices import JobState
from apps.jobs.models import Cluster, Job
from apps.jobs.registry import Task, all_tasks
from apps.jobs.services.clusters import clusters

logger = logging.getLogger(__name__)

_LONGEST = 300
_UNASKED = "whether this machine is fit for it couldn't be found out"


def why_shut(task: Task) -> str:
    """Why this machine starts no job of a task now, in a few words; empty if it does.

    A gate that fails is shut: what it guards is not to be risked, and other kinds go on.
    """
    if task.gate is None:
        return ""
    try:
        return task.gate()[:_LONGEST]
    except Exception:
        logger.exception("the gate of %s failed", task.name)
        return _UNASKED


def is_open(task: Task) -> bool:
    return task.gate is None or not why_shut(task)


def closed(queue: str) -> dict[str, str]:
    """The kinds of a queue that are started on this machine in no case now, and why."""
    shut = {task.name: why_shut(task) for task in all_tasks() if task.queue == queue and task.gate}
    return {kind: reason for kind, reason in shut.items() if reason}


def shut_everywhere(rows: Iterable[Cluster]) -> Mapping[tuple[str, str], str]:
    """By queue and kind what no cluster of the queue starts, and why each of them doesn't."""
    serving: dict[str, list[Cluster]] = {}
    for row in rows:
        if not row.stopping:
            serving.setdefault(row.queue, []).append(row)
    return {
        (queue, kind): _say(kind, crew)
        for queue, crew in serving.items()
        for kind in crew[0].gates
        if all(kind in row.gates for row in crew)
    }


def shut_for(jobs: Iterable[Job]) -> Mapping[tuple[str, str], str]:
    """What ``shut_everywhere`` says, if any of these jobs may be waiting for that; else nothing.

    One query or two, or none.
    """
    gated = {task.name for task in all_tasks() if task.gate}
    waiting = any(job.state == JobState.QUEUED and job.kind in gated for job in jobs)
    return shut_everywhere(view.row for view in clusters()) if waiting else {}


def _say(kind: str, rows: list[Cluster]) -> str:
    """The reason, with the machine's name if there are several of them."""
    if len({row.host for row in rows}) == 1:
        return str(rows[0].gates[kind])
    told = {f"{row.host.rpartition('.')[0] or row.host}: {row.gates[kind]}": None for row in rows}
    return "; ".join(told)[:_LONGEST]
