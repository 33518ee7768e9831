"""What runs here, on what, and how much of it there is."""

import platform
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q

from apps.core.counting import count_rows
from apps.core.schema import schema_state
from apps.jobs.choices import ACTIVE, JobState
from apps.jobs.models import Job

_MASK = "********"


def system_status(*, now: datetime) -> dict[str, Any]:
    """Versions, migrations, numbers of rows, depths of queues and settings, as JSON."""
    return {
        "versions": _versions(),
        "migrations": {**asdict(state := schema_state()), "current": state.is_current},
        "rows": _rows(),
        "queues": queue_depths(now),
        "settings": {
            s["name"]: {k: s[k] for k in ("value", "source")} for s in effective_settings()
        },
    }


def effective_settings() -> list[dict[str, Any]]:
    """Each setting by name, with where it came from; secrets are masked."""
    return [
        {
            "name": setting.name,
            "value": _MASK
            if setting.secret and setting.source != "default"
            else _plain(setting.value),
            "source": setting.source,
        }
        for _name, setting in sorted(settings.MEDIAHUB_KNOWN.items())
    ]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = str(cursor.fetchone()[0])
    return {
        "mediahub": settings.MEDIAHUB_VERSION,
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": postgresql,
    }


def _rows() -> dict[str, dict[str, Any]]:
    """By model of ours; large tables are estimated."""
    ours = [m for m in apps.get_models() if m.__module__.startswith("apps.")]
    counted = {model._meta.label_lower: count_rows(model._default_manager.all()) for model in ours}
    return {
        label: {"count": count.rows, "count_is_estimate": not count.is_exact}
        for label, count in sorted(counted.items())
    }


def queue_depths(now: datetime) -> dict[str, dict[str, Any]]:
    """Jobs under way by state, and how long ago the oldest that may start was asked for."""
    states: dict[str, Any] = {state.value: Count("pk", filter=Q(state=state)) for state in ACTIVE}
    due = Min("created_at", filter=Q(state=JobState.QUEUED, run_at__isnull=True, waits=0))
    active = Job.objects.active().values("queue").annotate(due_since=due, **states)
    found = {row.pop("queue"): row for row in active}
    nothing: dict[str, Any] = {"due_since": None, **dict.fromkeys(states, 0)}
    queues = {queue: found.get(queue, nothing) for queue in settings.MEDIAHUB_QUEUES}
    return {
        queue: {
            **{state: row[state] for state in states},
            "waiting_s": (now - row["due_since"]).total_seconds() if row["due_since"] else 0.0,
        }
        for queue, row in queues.items()
    }
