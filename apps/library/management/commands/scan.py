"""``manage.py scan [FOLDER …]``: bring the catalogue up to date with the disk."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.jobs.models import Job
from apps.jobs.services.follow import follow
from apps.library.choices import Question
from apps.library.models import Library
from apps.library.services.libraries import find_library
from apps.library.tasks import request_scan


class NoLibrary(MediaHubError):
    """The folder belongs to no library."""

    code = "no_library"


class Command(MediaHubCommand):
    help = "Scan libraries: all, or the one that each FOLDER is or lies in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
        parser.add_argument("--rescan", action="store_true", help="probe unchanged files, too")
        parser.add_argument(
            "--accept", action="append", default=[], choices=[q for q in Question.values if q],
            help="answer what a scan of FOLDER's library asks: the files are gone, or this is the "
            "right disk",
        )  # fmt: skip
        parser.add_argument("--wait", action="store_true", help="follow the jobs to their end")

    def perform(  # type: ignore[override]
        self,
        *,
        folders: list[Path],
        rescan: bool,
        wait: bool,
        accept: list[Question],
        **_options: Any,
    ) -> dict[str, Any]:
        if accept and not folders:
            raise NoLibrary("Name the FOLDER of the library whose question --accept answers.")
        jobs = [
            request_scan(library, paths=paths, rescan=rescan, accept=accept)
            for library, paths in _scopes(folders)
        ]
        if wait:
            jobs = [follow(job, report=self.report) for job in jobs]
        return {"jobs": [{"id": j.pk, "state": j.state, "summary": j.summary} for j in jobs]}

    def show(self, outcome: dict[str, Any]) -> None:
        for job in outcome["jobs"]:
            summary = job["summary"]
            told = ", ".join(f"{summary[name]} {name}" for name in _TOLD if name in summary)
            self.stdout.write(f"Job {job['id']} {job['state']}{': ' if told else ''}{told}")

    def failure(self, outcome: dict[str, Any]) -> str:
        failed = [str(job["id"]) for job in outcome["jobs"] if job["state"] == "failed"]
        return f"Failed: {Job.objects.get(pk=failed[0]).error_message}" if failed else ""


_TOLD = ("added", "changed", "moved", "missing", "returned", "unchanged", "failed")


def _scopes(folders: list[Path]) -> list[tuple[Library, list[str]]]:
    """Libraries, and the folders in each; no folders: all of it. Raises NoLibrary."""
    if not folders:
        return [(library, []) for library in Library.objects.order_by("pk")]
    scopes: dict[int, tuple[Library, list[str]]] = {}
    for folder in folders:
        path = os.fsencode(folder.absolute())
        found = find_library(path + b"/")
        if found is None:
            raise NoLibrary(f"{folder} is in no library: add one first, or see `manage.py up`.")
        library, below = found
        scopes.setdefault(library.pk, (library, []))[1].append(os.fsdecode(below).rstrip("/"))
    return [(library, [] if "" in paths else paths) for library, paths in scopes.values()]
