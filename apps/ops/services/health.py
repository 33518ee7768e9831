"""Whether the system is well: each check says so, in a sentence and in milliseconds."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFailed
from django.db import connection
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.schema import require_current_schema
from apps.faces.engines import files as face_models
from apps.faces.models import FaceLibrary, FaceSettings
from apps.jobs.choices import Queue
from apps.jobs.models import Job
from apps.jobs.services.clusters import clusters
from apps.jobs.services.statistics import sampled_at
from apps.library.choices import LibraryState, WatchState
from apps.library.models import Library

_LEAST_FREE_BYTES = 1_000_000_000
_SCHEDULER_TELLS = timedelta(minutes=3)
_WATCH_TELLS = timedelta(seconds=60)


class Unwell(MediaHubError):
    """What a check has found wrong."""

    code = "unwell"
    status = 503


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one check. Only a ``required`` one that failed makes the system unready."""

    name: str
    ok: bool
    detail: str
    ms: float
    required: bool


@dataclass(frozen=True, slots=True)
class Health:
    checks: tuple[Check, ...]

    @property
    def status(self) -> str:
        """``ready``; ``degraded`` if something that isn't required is amiss; else ``unready``."""
        if all(check.ok for check in self.checks):
            return "ready"
        failed = any(check.required and not check.ok for check in self.checks)
        return "unready" if failed else "degraded"

    def as_json(self) -> dict[str, Any]:
        checks = {c.name: {k: v for k, v in asdict(c).items() if k != "name"} for c in self.checks}
        return {"status": self.status, "checks": checks}


def check_health() -> Health:
    """Make all checks, one after the other. Never raises for what it finds."""
    return Health(tuple(_run(name, call, required) for name, call, required in _CHECKS))


def _run(name: str, call: Callable[[], str], required: bool) -> Check:  # noqa: FBT001
    began = time.perf_counter()
    try:
        ok, detail = True, call()
    except (MediaHubError, DatabaseFailed, OSError) as error:
        ok, detail = False, str(error).strip().partition("\n")[0]
    return Check(name, ok, detail, round((time.perf_counter() - began) * 1_000, 1), required)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def _migrations() -> str:
    require_current_schema()
    return "all applied"


def _secrets() -> str:
    folder: Path = settings.MEDIAHUB_DATA_DIR / "secrets"
    files = sorted(path for path in folder.glob("*") if path.is_file())
    if not files and not settings.SECRET_KEY:
        raise Unwell("There is no secret key.")
    for file in files:
        if file.stat().st_mode & 0o077:
            raise Unwell(f"The secret {file.name} may be read by others: chmod 600 it.")
    return "for us alone"


def _data_dir() -> str:
    settings.MEDIAHUB_DATA_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=settings.MEDIAHUB_DATA_DIR) as file:
        file.write(b"x")
    return "can be written"


def _space() -> str:
    free = shutil.disk_usage(settings.MEDIAHUB_DATA_DIR).free
    if free < _LEAST_FREE_BYTES:
        raise Unwell(f"Only {free / 1e6:.0f} MB are free in the data folder.")
    return f"{free / 1e9:.1f} GB free"


def _storage() -> str:
    """As the last scans found it: asking a dead network share now could take for ever."""
    offline = list(
        Library.objects.filter(state=LibraryState.OFFLINE).values_list("name", flat=True)
    )
    if offline:
        raise Unwell(f"Offline at the last scan: {', '.join(offline[:5])}.")
    return "all libraries online"


def _workers() -> str:
    views = clusters()
    for view in views:
        if view.trouble:
            raise Unwell(f"{view.row}: {view.trouble}")
    served = {view.row.queue for view in views}
    for queue in Queue:
        if queue not in served and Job.objects.due(queue).exists():
            raise Unwell(f"Jobs wait in the queue {queue}, which no worker serves.")
    return "every queue with work is served, and takes it"


def _scheduler() -> str:
    last = sampled_at()
    if last and last < timezone.now() - _SCHEDULER_TELLS:
        raise Unwell("The scheduler doesn't run: nothing that is due is started, no batch ends.")
    return "does what is due"


def _watch() -> str:
    watched = Library.objects.filter(watch=True)
    told = Coalesce("watch_seen_at", "created_at")
    if watched.annotate(told=told).filter(told__lt=timezone.now() - _WATCH_TELLS).exists():
        raise Unwell("Nobody watches the libraries: `manage.py watch` doesn't run.")
    trouble = watched.filter(watch_state__in=(WatchState.LIMITED, WatchState.LOST))
    for library in trouble.order_by("name")[:1]:
        raise Unwell(f"{library.name} is not watched. {library.watch_detail}")
    return "changes are seen as they happen, or scanned for"


def _faces() -> str:
    if not FaceLibrary.objects.filter(enabled=True).exists():
        return "looked for in no library"
    settings_of_all = FaceSettings.objects.filter(pk=1).first() or FaceSettings()
    found = face_models.status(settings_of_all.engine)
    if not found.ok:
        raise Unwell(found.detail)
    return f"{settings_of_all.get_engine_display()}: {found.detail}; on {found.device}"


_CHECKS: tuple[tuple[str, Callable[[], str], bool], ...] = (
    ("database", _database, True),
    ("migrations", _migrations, True),
    ("secrets", _secrets, True),
    ("data_dir", _data_dir, True),
    ("space", _space, False),
    ("storage", _storage, False),
    ("workers", _workers, False),
    ("scheduler", _scheduler, False),
    ("watch", _watch, False),
    ("faces", _faces, False),
)
