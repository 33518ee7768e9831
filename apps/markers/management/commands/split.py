"""``manage.py split VIDEO TIME …``: cut a video's file into pieces."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.core.units import say_timecode
from apps.jobs.services.follow import follow
from apps.markers.services.sources import find_video
from apps.markers.services.split_plan import marker_times, plan_split
from apps.markers.services.times import NoTime, read_time
from apps.markers.tasks import request_split


def _time(text: str) -> int:
    try:
        return read_time(text)
    except NoTime as error:
        raise ArgumentTypeError(str(error)) from error


class Command(MediaHubCommand):
    help = (
        "Cut a video's file into pieces beside it, without loss at the key frames at or before "
        "each TIME, or with --exact at the very frame. The file stays unless --remove-source."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("video", metavar="VIDEO", help="its id, or the path of its file")
        parser.add_argument("times", nargs="*", type=_time, metavar="TIME")
        parser.add_argument("--markers", action="store_true", help="cut at all of its markers, too")
        parser.add_argument("--exact", action="store_true", help="encode what lies around cuts")
        parser.add_argument("--remove-source", action="store_true", help="when all pieces are done")
        parser.add_argument("--dry-run", action="store_true", help="only say where it would be cut")
        parser.add_argument("--wait", action="store_true", help="follow the job to its end")

    def perform(  # type: ignore[override]
        self, *, video: str, times: list[int], exact: bool, **options: Any
    ) -> dict[str, Any]:
        found = find_video(video)
        if options["markers"]:
            times = [*times, *marker_times(found.markers.all())]
        if options["dry_run"]:
            plan = plan_split(found, times, exact=exact)
            pieces = [
                {"name": p.name, "start_ms": p.start_ms, "end_ms": p.end_ms} for p in plan.pieces
            ]
            return {"pieces": pieces, "notes": plan.notes}
        job = request_split(found, times, exact=exact, remove_source=options["remove_source"])
        if options["wait"]:
            job = follow(job, report=self.report)
        return {
            "job": job.pk, "state": job.state, "summary": job.summary, "failed": job.error_message,
        }  # fmt: skip

    def show(self, outcome: dict[str, Any]) -> None:
        for piece in outcome.get("pieces", []):
            span = f"{say_timecode(piece['start_ms'])} to {say_timecode(piece['end_ms'])}"
            self.stdout.write(f"{span}  {piece['name']}")
        for note in outcome.get("notes", []):
            self.stdout.write(note)
        if "job" in outcome:
            self.stdout.write(f"Job {outcome['job']} {outcome['state']}")

    def failure(self, outcome: dict[str, Any]) -> str:
        return f"Failed: {outcome['failed']}" if outcome.get("state") == "failed" else ""
