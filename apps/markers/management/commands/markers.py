"""``manage.py markers export|import|write VIDEO``: markers in files."""

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.jobs.services.follow import follow
from apps.markers.services.formats import FORMATS, read_markers
from apps.markers.services.formats.cue import MOST_BYTES
from apps.markers.services.sources import find_video
from apps.markers.services.transfer import Mode, export_markers, import_markers
from apps.markers.tasks import request_copy


class FileNotReadable(MediaHubError):
    """The file to import, or to export to, can't be opened."""

    code = "file_not_readable"


class Command(MediaHubCommand):
    help = (
        "Export a video's markers to a file or stdout, import them from one or stdin, or write "
        "them as chapters into a copy of the video's file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("deed", choices=["export", "import", "write"])
        parser.add_argument("video", metavar="VIDEO", help="its id, or the path of its file")
        parser.add_argument("file", nargs="?", default="-", help="to or from (default: -)")
        parser.add_argument("--format", choices=sorted(FORMATS), help="default: vtt; what it is")
        parser.add_argument("--replace", action="store_true", help="drop the markers there are")
        parser.add_argument("--dry-run", action="store_true", help="import nothing, say what would")
        parser.add_argument("--wait", action="store_true", help="write: follow the job to its end")

    def perform(  # type: ignore[override]
        self, *, deed: str, video: str, **options: Any
    ) -> dict[str, Any]:
        found = find_video(video)
        if deed == "write":
            job = request_copy(found)
            if options["wait"]:
                job = follow(job, report=self.report)
            return {"job": job.pk, "state": job.state, "failed": job.error_message}
        if deed == "import":
            mode = Mode.REPLACE if options["replace"] else Mode.ADD
            cues = read_markers(_read(options["file"]), name=options["format"] or "")
            told = import_markers(found, cues, mode=mode, dry_run=options["dry_run"])
            return {"dry_run": options["dry_run"], **asdict(told)}
        text = export_markers(found, FORMATS[options["format"] or "vtt"])
        if options["file"] == "-":
            return {"text": text}
        _write(options["file"], text)
        return {"file": options["file"]}

    def show(self, outcome: dict[str, Any]) -> None:
        if "text" in outcome:
            self.stdout.write(outcome["text"], ending="")
        elif "added" in outcome:
            counts = ("added", "changed", "removed", "same")
            self.stdout.write(", ".join(f"{outcome[name]} {name}" for name in counts))
        elif "job" in outcome:
            self.stdout.write(f"Job {outcome['job']} {outcome['state']}")
        else:
            self.stdout.write(f"Written to {outcome['file']}")

    def failure(self, outcome: dict[str, Any]) -> str:
        return f"Failed: {outcome['failed']}" if outcome.get("state") == "failed" else ""


def _read(name: str) -> bytes:
    """Raises FileNotReadable."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileNotReadable(f"{name} can't be read: {error.strerror}.") from error


def _write(name: str, text: str) -> None:
    """Raises FileNotReadable."""
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileNotReadable(f"{name} can't be written: {error.strerror}.") from error
