"""``manage.py verify [FOLDER …]``: check whether files hold what they held and can be decoded."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.jobs.models import Job
from apps.jobs.services.follow import follow
from apps.library.models import Library
from apps.library.services.libraries import find_library, libraries_named
from apps.library.tasks import request_verify

_TOLD = ("checked", "good", "changed", "rot", "damaged", "unreadable", "skipped")


class NothingToVerify(MediaHubError):
    """The folder belongs to no library."""

    code = "nothing_to_verify"


class Command(MediaHubCommand):
    help = (
        "Check the content of files in all libraries, or in each FOLDER: whether it can be "
        "decoded and, with --whole, whether its bytes are still those of the check before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
        parser.add_argument("--library", metavar="NAME|ID", help="all of this library")
        parser.add_argument("--whole", action="store_true", help="read whole files, not places")
        parser.add_argument("--wait", action="store_true", help="follow the jobs to their end")

    def perform(  # type: ignore[override]
        self, *, folders: list[Path], library: str | None, whole: bool, wait: bool, **_options: Any
    ) -> dict[str, Any]:
        scopes = [_find(folder) for folder in folders]
        if library or not folders:
            scopes += [(one, b"") for one in libraries_named(library)]
        jobs = [request_verify(one, whole=whole, folder=folder) for one, folder in scopes]
        if wait:
            jobs = [follow(job, report=self.report) for job in jobs]
        return {"jobs": [{"id": j.pk, "state": j.state, "summary": j.summary} for j in jobs]}

    def show(self, outcome: dict[str, Any]) -> None:
        for job in outcome["jobs"]:
            summary = job["summary"]
            told = ", ".join(f"{summary[name]} {name}" for name in _TOLD if summary.get(name))
            self.stdout.write(f"Job {job['id']} {job['state']}{': ' if told else ''}{told}")

    def failure(self, outcome: dict[str, Any]) -> str:
        failed = [str(job["id"]) for job in outcome["jobs"] if job["state"] == "failed"]
        return f"Failed: {Job.objects.get(pk=failed[0]).error_message}" if failed else ""


def _find(folder: Path) -> tuple[Library, bytes]:
    """Raises NothingToVerify."""
    found = find_library(os.fsencode(folder.absolute()) + b"/")
    if found is None:
        raise NothingToVerify(f"{folder} is in no library.")
    library, below = found
    return library, below.rstrip(b"/")
