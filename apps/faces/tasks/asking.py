"""Asking for work that follows on what people do."""

from typing import Any

from apps.jobs.choices import AT_WORK
from apps.jobs.models import Job
from apps.jobs.registry import Task
from apps.jobs.services.lifecycle import enqueue


def ask(task: Task, params: dict[str, Any], *, key: str) -> Job:
    """Once, as by ``enqueue``; but a job that has begun doesn't count: it may have read already
    what has changed since, so that another one follows it."""
    begun = bool(key) and Job.objects.filter(dedupe_key=key, state__in=AT_WORK).exists()
    return enqueue(task, params, dedupe_key=f"{key}:next" if begun else key)
