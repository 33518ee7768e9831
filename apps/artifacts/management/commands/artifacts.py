"""``manage.py artifacts``: how far they reach; make what is missing; delete what is orphaned."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from apps.artifacts.models import Artifact
from apps.artifacts.services.coverage import coverage
from apps.artifacts.services.kinds import ALL, usual_kinds
from apps.artifacts.tasks import request_again, request_artifacts, request_clean
from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.jobs.models import Job
from apps.jobs.services.follow import follow
from apps.library.models import Library
from apps.library.services.libraries import libraries_named

_COLUMNS = ("videos", "made", "nothing", "missing", "stale", "failed", "orphaned")


class NothingFailed(MediaHubError):
    """There is nothing to try again."""

    code = "nothing_failed"


class Command(MediaHubCommand):
    help = "Show how far artifacts reach; or make what is missing, or delete orphaned files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        deeds = parser.add_mutually_exclusive_group()
        deeds.add_argument("--make", action="store_true", help="make what is missing or stale")
        deeds.add_argument(
            "--retry", metavar="REASON", help="make again what failed for this reason, or for any"
        )
        deeds.add_argument("--clean", action="store_true", help="delete files that nothing names")
        parser.add_argument("--search", action="store_true", help="--clean: unknown files, too")
        parser.add_argument("--library", metavar="NAME|ID", help="of this library alone")
        parser.add_argument("--kinds", nargs="+", choices=ALL, help="these kinds alone")
        parser.add_argument("--wait", action="store_true", help="follow the job to its end")

    def perform(  # type: ignore[override]
        self, *, library: str | None, wait: bool, **options: Any
    ) -> dict[str, Any]:
        one = libraries_named(library)[0] if library else None
        job = _requested(one, **options)
        if job is None:
            cells = [cell for cell in coverage() if one is None or cell.library_id == one.pk]
            return {"coverage": [asdict(cell) for cell in cells]}
        if wait:
            job = follow(job, report=self.report)
        return {"job": {"id": job.pk, "state": job.state, "summary": job.summary}}

    def show(self, outcome: dict[str, Any]) -> None:
        if job := outcome.get("job"):
            told = ", ".join(f"{number} {name}" for name, number in (job["summary"] or {}).items())
            self.stdout.write(f"Job {job['id']} {job['state']}{': ' if told else ''}{told}")
            return
        names = dict(Library.objects.values_list("pk", "name"))
        self.stdout.write(f"{'library':24}{'kind':12}" + "".join(f"{c:>10}" for c in _COLUMNS))
        for cell in outcome["coverage"]:
            name = names.get(cell["library_id"], "(gone)")[:22]
            numbers = "".join(f"{cell[column]:>10,}" for column in _COLUMNS)
            self.stdout.write(f"{name:24}{cell['kind']:12}{numbers}")

    def failure(self, outcome: dict[str, Any]) -> str:
        job = outcome.get("job")
        return f"Job {job['id']} failed." if job and job["state"] == "failed" else ""


def _requested(
    library: Library | None,
    *,
    make: bool,
    retry: str | None,
    clean: bool,
    search: bool,
    kinds: list[str] | None,
    **_options: Any,
) -> Job | None:
    """The job that was asked for, if one was. Raises NothingFailed."""
    if clean:
        return request_clean(search=search)
    if make:
        return request_artifacts(library.pk if library else None, kinds=kinds)
    if not retry:
        return None
    failed = Artifact.objects.failed(retry, kinds=kinds or usual_kinds())
    again = request_again(failed.filter(video__library=library) if library else failed)
    if again is None:
        raise NothingFailed(f"Nothing failed{'' if retry == 'any' else f' with {retry}'}.")
    return again
