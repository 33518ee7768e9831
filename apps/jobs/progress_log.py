"""A job in lines of ``key=value``: how far it is while it runs, and what came of it.

Values are percent-encoded wherever they hold anything but letters, digits and a few signs, so that
a line always splits at its blanks and each part at its first ``=``; ``-`` stands for "not known".
"""

import logging
import shutil
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone

from apps.jobs.models import Job

logger = logging.getLogger(__name__)

_FIRST_AFTER_S = 1.0
_EVERY_S = 1.0
_LARGEST_BYTES = 1_000_000
_PASSING = {"time", "rate", "eta"}  # what alone makes no new line
_UPDATED = ("added", "changed", "moved")
_MOST_COUNTS = 50
_LONGEST_WORD = 200


class ProgressLog:
    """Writes ``logs/jobs/<id>/progress.log`` below the data dir for work that takes a second.

    Append-only, one line a second at most and only when something changed; at 1 MB the file becomes
    ``progress.log.1``. A folder that can't be written costs the lines and one warning, never the
    job. One thread at a time may use it.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._path = folder(job.pk) / "progress.log"
        self._began = time.monotonic()
        self._written_at = 0.0
        self._last: dict[str, str] = {}
        self._is_broken = False

    def write(self, *, state: str) -> None:
        """Add a line, if it is time for one and it says anything new."""
        now = time.monotonic()
        if now - self._began >= _FIRST_AFTER_S and now - self._written_at >= _EVERY_S:
            self._add(state, now)

    def close(self, *, state: str) -> None:
        """Add the last line, unless the work was too short for any."""
        now = time.monotonic()
        if self._written_at or now - self._began >= _FIRST_AFTER_S:
            self._add(state, now)

    def _add(self, state: str, now: float) -> None:
        values = progress_values(self._job, state=state, now=timezone.now())
        lasting = {key: value for key, value in values.items() if key not in _PASSING}
        if self._is_broken or lasting == self._last:
            return
        self._last, self._written_at = lasting, now
        try:
            self._append(f"{_line(values)}\n".encode("ascii"))
        except OSError as error:
            self._is_broken = True
            logger.warning("job %s: no progress.log: %s", self._job.pk, error.strerror)

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size + len(line) > _LARGEST_BYTES:
            self._path.replace(self._path.with_name("progress.log.1"))
        with self._path.open("ab", buffering=0) as file:
            file.write(line)


def folder(job_id: int) -> Path:
    """Where a job's own logs lie."""
    data_dir: Path = settings.MEDIAHUB_DATA_DIR
    return data_dir / "logs" / "jobs" / str(job_id)


def forget(job_ids: Iterable[int]) -> None:
    """Delete the logs of jobs whose history goes; what can't be deleted stays."""
    for job_id in job_ids:
        shutil.rmtree(folder(job_id), ignore_errors=True)


def progress_values(job: Job, *, state: str, now: datetime) -> dict[str, str]:
    """What a progress line says, always these keys in this order.

    ``updated``, ``missing`` and ``failed`` are the job's facts of these names; a job that doesn't
    count ``updated`` has what it added, changed and moved. ``rate`` is per second, ``eta`` seconds.
    """
    facts = job.facts
    parts = [facts[name] for name in _UPDATED if _is_number(facts.get(name))]
    values = {
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "job": job.pk,
        "kind": job.kind,
        "state": state,
        "attempt": job.attempt,
        "processed": job.done,
        "total": job.total,
        "updated": facts.get("updated", sum(parts) if parts else None),
        "missing": facts.get("missing"),
        "failed": facts.get("failed"),
        "rate": job.rate_per_s,
        "eta": job.eta_s,
    }
    return {key: _word(value) for key, value in values.items()}


def summary_line(job: Job) -> str:
    """One line at a job's end: how it ended, how long it took, and the numbers of its summary.

    Numbers one level down are named ``outer.inner``. A summary can't replace the first five keys.
    """
    end = job.finished_at or timezone.now()
    values: dict[str, Any] = {
        "state": job.state,
        "took_s": (end - job.started_at).total_seconds() if job.started_at else None,
        "processed": job.done,
        "total": job.total,
        "attempt": job.attempt,
    }
    if job.error_type:
        values["error"] = job.error_type
    counts = sorted(one for one in _numbers(job.summary) if len(one[0]) <= _LONGEST_WORD)
    return _line(
        {key: _word(value) for key, value in (dict(counts[:_MOST_COUNTS]) | values).items()},
        first=values,
    )


def _numbers(summary: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    for key, value in summary.items():
        if _is_number(value):
            yield key, value
        elif isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", n) for inner, n in value.items() if _is_number(n))


def _line(values: Mapping[str, str], *, first: Iterable[str] = ()) -> str:
    order = dict.fromkeys([*first, *values])
    return " ".join(f"{_text(key)}={values[key]}" for key in order)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _word(value: object) -> str:
    """A value without blanks; fractions are cut where nobody needs them."""
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    return _text(str(value))


def _text(text: str) -> str:
    encoded = quote(text[:_LONGEST_WORD], safe=":+/,@", errors="surrogatepass")
    return "%2D" if encoded == "-" else encoded
