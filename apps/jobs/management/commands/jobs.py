"""``manage.py jobs``: watch and control jobs from a terminal."""

import os
import tempfile
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.core.units import say_bytes
from apps.jobs.choices import FINISHED, JobState, Queue
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services import backup as backups
from apps.jobs.services import holds, lifecycle
from apps.jobs.services.clusters import ClusterView, clusters

_POLL_S = 0.5
_SHOWN = (
    "id", "uid", "kind", "state", "queue", "priority", "params", "parent_id", "item", "is_batch",
    "waits", "lane", "target_type", "target_id", "requested_by_id", "created_at", "run_at",
    "started_at", "finished_at", "attempt", "max_attempts", "crashes", "quarantined", "evidence",
    "done", "total", "unit", "rate_per_s", "facts", "summary", "error_type", "error_message",
    "worker", "version",
)  # fmt: skip
_DEEDS: dict[str, Callable[[Job], Job]] = {
    "cancel": lifecycle.cancel,
    "pause": lifecycle.pause,
    "resume": lifecycle.resume,
    "retry": lifecycle.retry,
    "hurry": lifecycle.hurry,
}


class NoSuchJob(MediaHubError):
    """No job has the number."""

    code = "no_such_job"
    status = 404


class FileTrouble(MediaHubError):
    """The backup's file can't be read or written."""

    code = "file_trouble"


class Command(MediaHubCommand):
    help = "Watch and control jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")

        def add(name: str, text: str, *, ids: int | str = 0) -> ArgumentParser:
            sub: ArgumentParser = kinds.add_parser(name, help=text)
            if name != "log":
                sub.add_argument("--json", action="store_true", default=SUPPRESS)
            if ids:
                sub.add_argument("ids", type=int, metavar="ID", nargs=ids)
            return sub

        listed = add("list", "the latest jobs")
        listed.add_argument("--state", choices=JobState.values, action="append")
        listed.add_argument("--queue", choices=Queue.values)
        listed.add_argument("--kind", metavar="KIND")
        listed.add_argument("--limit", type=int, default=20, metavar="N")
        add("show", "all about a job", ids=1)
        log = add("log", "a job's log", ids=1).add_mutually_exclusive_group()
        log.add_argument("--json", action="store_true", default=SUPPRESS)
        log.add_argument("--follow", action="store_true", help="until the job has ended")
        for deed in _DEEDS:
            add(deed, f"{deed} jobs", ids="+")
        for name, text in (("hold", "start nothing more"), ("release", "let go on")):
            held = add(name, f"{text} of a queue or a kind")
            which = held.add_mutually_exclusive_group(required=True)
            which.add_argument("--queue", choices=Queue.values, default="")
            which.add_argument("--kind", metavar="KIND", default="")
            if name == "hold":
                held.add_argument("--reason", default="")
        for name, text in (("backup", "write"), ("restore", "read")):
            add(name, f"{text} the queue as a file").add_argument("file", type=Path, metavar="FILE")
        add("workers", "the workers and what they do, and what is held")

    def perform(  # type: ignore[override]
        self, *, what: str, **options: Any
    ) -> dict[str, Any]:
        self._what = what
        if what in _DEEDS:
            return _control(what, options["ids"])
        return dict(getattr(self, f"_perform_{what}")(options))

    def show(self, outcome: dict[str, Any]) -> None:
        shown = getattr(self, f"_show_{self._what}", None)
        if shown:
            shown(outcome)
        for job in outcome.get("jobs", ()) if self._what in {"list", *_DEEDS} else ():
            self.stdout.write(_line(job))

    def failure(self, outcome: dict[str, Any]) -> str:
        return next(iter(outcome.get("refused", {}).values()), "")

    def _perform_list(self, options: dict[str, Any]) -> dict[str, Any]:
        jobs = Job.objects.order_by("-pk")
        if options["state"]:
            jobs = jobs.filter(state__in=options["state"])
        for name in ("queue", "kind"):
            if options[name]:
                jobs = jobs.filter(**{name: options[name]})
        return {"jobs": [_told(job) for job in jobs[: max(0, options["limit"])]]}

    def _perform_show(self, options: dict[str, Any]) -> dict[str, Any]:
        return _told(_find(options["ids"][0]))

    def _show_show(self, outcome: dict[str, Any]) -> None:
        for name, value in outcome.items():
            if value not in (None, "", {}, False):
                self.stdout.write(f"{name:<16} {value}")

    def _perform_log(self, options: dict[str, Any]) -> dict[str, Any]:
        job = _find(options["ids"][0])
        if options["follow"]:
            for line in _followed(job):
                self._show_log({"lines": [_log_line(line)]})
                self.stdout.flush()
            return {"lines": []}
        return {"lines": [_log_line(line) for line in job.log_lines.order_by("pk")]}

    def _show_log(self, outcome: dict[str, Any]) -> None:
        for line in outcome["lines"]:
            at = timezone.localtime(line["at"])
            self.stdout.write(f"{at:%Y-%m-%d %H:%M:%S} {line['level']:<7} {line['message']}")

    def _perform_hold(self, options: dict[str, Any]) -> dict[str, Any]:
        held = holds.hold(queue=options["queue"], kind=options["kind"], reason=options["reason"])
        return {"held": held.queue or held.kind}

    def _perform_release(self, options: dict[str, Any]) -> dict[str, Any]:
        holds.release(queue=options["queue"], kind=options["kind"])
        return {"released": options["queue"] or options["kind"]}

    def _perform_backup(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"file": str(options["file"]), "bytes": _write(options["file"])}

    def _show_backup(self, outcome: dict[str, Any]) -> None:
        self.stdout.write(f"{outcome['file']}: {say_bytes(outcome['bytes'])}")

    def _perform_restore(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            with open(options["file"], "rb") as file:
                return asdict(backups.restore(file, every_kind=True))
        except OSError as error:
            raise FileTrouble(f"{options['file']} can't be read: {error.strerror}.") from error

    def _show_restore(self, outcome: dict[str, Any]) -> None:
        told = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in outcome.items())
        self.stdout.write(told)

    def _perform_workers(self, _options: dict[str, Any]) -> dict[str, Any]:
        held = [{"what": h.queue or h.kind, "reason": h.reason} for h in holds.holds()]
        return {
            "clusters": [_cluster(view) for view in clusters()],
            "holds": held,
        }

    def _show_workers(self, outcome: dict[str, Any]) -> None:
        for cluster in outcome["clusters"]:
            state = cluster["trouble"] or "well"
            self.stdout.write(f"{cluster['queue']} on {cluster['host']}:{cluster['pid']}: {state}")
            for worker in cluster["workers"]:
                doing = f"job {worker['job']}" if worker["job"] else "idle"
                memory = say_bytes(worker["memory_bytes"] or 0)
                self.stdout.write(f"  {worker['pid']:<8} {memory:<9} {doing}")
        for held in outcome["holds"]:
            self.stdout.write(f"{held['what']} is held{held['reason'] and ': '}{held['reason']}")


def _find(pk: int) -> Job:
    job: Job | None = Job.objects.filter(pk=pk).first()
    if job is None:
        raise NoSuchJob(f"There is no job {pk}.")
    return job


def _control(deed: str, ids: list[int]) -> dict[str, Any]:
    """All that can be done is done; what can't is told."""
    done, refused = [], {}
    for pk in ids:
        try:
            done.append(_told(_DEEDS[deed](_find(pk))))
        except MediaHubError as error:
            refused[str(pk)] = str(error)
    return {"jobs": done, "refused": refused}


def _told(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in _SHOWN}


def _line(job: dict[str, Any]) -> str:
    progress = f"{job['done']:,}" + (f" of {job['total']:,}" if job["total"] else "")
    return f"{job['id']:>8}  {job['state']:<10}  {job['kind']:<24}  {progress} {job['unit']}"


def _log_line(line: JobLogLine) -> dict[str, Any]:
    return {"id": line.pk, "at": line.at, "level": line.level, "message": line.message}


def _followed(job: Job) -> Iterator[JobLogLine]:
    """The lines of a log as they come, until its job has ended."""
    last = 0
    while True:
        job.refresh_from_db()
        ended = job.state in FINISHED  # looked at first, so that no last line is missed
        for line in job.log_lines.filter(pk__gt=last).order_by("pk"):
            last = line.pk
            yield line
        if ended:
            return
        time.sleep(_POLL_S)


def _cluster(view: ClusterView) -> dict[str, Any]:
    row = view.row
    workers = [
        {"pid": w.pid, "memory_bytes": w.memory_bytes, "job": w.job and w.job.pk}
        for w in view.workers
    ]
    return {
        "queue": row.queue, "host": row.host, "pid": row.pid, "slots": row.slots,
        "trouble": view.trouble, "seen_at": row.seen_at, "workers": workers,
    }  # fmt: skip


def _write(path: Path) -> int:
    """Write a backup, for the owner's eyes only and never half of one; return its bytes."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        part = Path(name)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.writelines(backups.backup())
                file.flush()
                os.fsync(file.fileno())
            size = part.stat().st_size
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise FileTrouble(f"{path} can't be written: {error.strerror}.") from error
    return size
