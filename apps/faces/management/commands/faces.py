"""``manage.py faces``: switch faces on, look for them, group them anew, wipe them."""

from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.faces.models import FaceLibrary, Finding, Identity, Track
from apps.faces.services.libraries import edit_library
from apps.faces.tasks.finding import request_find, request_wipe
from apps.faces.tasks.grouping import request_regroup
from apps.jobs.models import Job
from apps.jobs.services.follow import follow
from apps.library.services.libraries import libraries_named


class NotConfirmed(MediaHubError):
    """Wiping is for good, and nobody said yes."""

    code = "not_confirmed"


class Command(MediaHubCommand):
    help = "Look for faces in the libraries where that is switched on, group them anew, wipe them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        deeds = parser.add_subparsers(dest="deed", required=True, metavar="DEED")
        status = deeds.add_parser("status", help="where it is switched on, and what was found")
        on = deeds.add_parser("on", help="have faces looked for in a library")
        off = deeds.add_parser("off", help="have none looked for any more; what is known stays")
        for one in (on, off):
            one.add_argument("library", metavar="NAME|ID")
        find = deeds.add_parser("find", help="look for faces in videos that are new or changed")
        find.add_argument("--q", default="", metavar="QUERY", help="which videos (all)")
        find.add_argument("--again", action="store_true", help="also what was looked through")
        group = deeds.add_parser("group", help="group all faces anew; what people said stays")
        group.add_argument("--dry-run", action="store_true", help="say what it would change")
        wipe = deeds.add_parser("wipe", help="wipe what is known of faces, for good")
        which = wipe.add_mutually_exclusive_group(required=True)
        which.add_argument("--library", metavar="NAME|ID")
        which.add_argument("--everything", action="store_true")
        wipe.add_argument("--yes", action="store_true", help="yes, for good")
        for one in (find, group, wipe):
            one.add_argument("--wait", action="store_true", help="follow the job to its end")
        for one in (status, on, off, find, group, wipe):
            one.add_argument("--json", action="store_true", default=SUPPRESS)

    def perform(self, *, deed: str, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        if deed == "status":
            return _status()
        if deed in {"on", "off"}:
            row = edit_library(libraries_named(options["library"])[0], enabled=deed == "on")
            return {"library": str(row.library), "enabled": row.enabled}
        if deed == "group" and options["dry_run"]:
            from apps.faces.services import regroup  # numpy: only where it is needed

            return asdict(regroup.foresee())
        job = _requested(deed, options)
        if options["wait"]:
            job = follow(job, report=self.report)
        return {"job": {"id": job.pk, "state": job.state, "summary": job.summary}}

    def show(self, outcome: dict[str, Any]) -> None:
        if job := outcome.get("job"):
            told = ", ".join(f"{number} {name}" for name, number in (job["summary"] or {}).items())
            self.stdout.write(f"Job {job['id']} {job['state']}{': ' if told else ''}{told}")
            return
        for name, value in outcome.items():
            said = f"{value:,}" if type(value) is int else value
            self.stdout.write(f"{name.replace('_', ' ')}: {said}")

    def failure(self, outcome: dict[str, Any]) -> str:
        job = outcome.get("job")
        return f"Job {job['id']} failed." if job and job["state"] == "failed" else ""


def _status() -> dict[str, Any]:
    on = FaceLibrary.objects.filter(enabled=True).order_by("library__name")
    return {
        "libraries": ", ".join(on.values_list("library__name", flat=True)),
        "videos_looked_through": Finding.objects.filter(error="").count(),
        "faces": Track.objects.in_videos().count(),
        "identities": Identity.objects.with_faces().count(),
        "named": Identity.objects.named().count(),
        "waiting": Track.objects.waiting().count(),
    }


def _requested(deed: str, options: dict[str, Any]) -> Job:
    """Raises NotConfirmed, QueryError."""
    if deed == "find":
        return request_find(q=options["q"], again=options["again"])
    if deed == "group":
        return request_regroup()
    library = None if options["everything"] else libraries_named(options["library"])[0]
    if not options["yes"]:
        raise NotConfirmed("What is wiped is gone for good. Add --yes to do it.")
    return request_wipe(library)
