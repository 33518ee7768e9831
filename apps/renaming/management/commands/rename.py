"""``manage.py rename TEMPLATE``: new names by a template, or what would come of it."""

from argparse import ArgumentParser
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.jobs.services.follow import follow
from apps.library.search import Asker, Question
from apps.library.services.paths import shown
from apps.library.services.storage import open_disk
from apps.renaming.choices import Reason, RenameState
from apps.renaming.services.history import samples_of
from apps.renaming.services.plan import counts, new_batch, plan
from apps.renaming.tasks import request_run

_SHOWN = 1_000


class Command(MediaHubCommand):
    help = (
        "Rename the files of videos by a TEMPLATE such as '{studio}/{date:%%Y}/{title}'. Without "
        "--apply it only says what would come of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("template", metavar="TEMPLATE")
        parser.add_argument("--q", default="", metavar="QUERY", help="which videos (all)")
        parser.add_argument("--windows", action="store_true", help="only names that Windows takes")
        parser.add_argument("--no-sidecars", action="store_true", help="subtitles stay behind")
        parser.add_argument("--apply", action="store_true", help="rename them, as a job")
        parser.add_argument("--wait", action="store_true", help="follow the job to its end")

    def perform(  # type: ignore[override]
        self, *, template: str, q: str, **options: Any
    ) -> dict[str, Any]:
        question = Question.read(q, asker=Asker.of(None))
        batch = new_batch(
            template, windows=options["windows"], sidecars=not options["no_sidecars"], query=q
        )
        with open_disk() as disk:
            plan(batch, question.videos(), disk=disk, report=self.report)
        told: dict[str, Any] = {
            "batch": batch.pk, "selected": batch.selected, "unchanged": batch.unchanged,
            **counts(batch),
            "lines": [
                {"old": str(line), "new": shown(bytes(line.new)), "reason": line.reason}
                for line in samples_of(batch, limit=_SHOWN)
            ],
        }  # fmt: skip
        if not options["apply"] or not told["to_rename"]:
            return told
        job = request_run(batch)
        if options["wait"]:
            job = follow(job, report=self.report)
            told |= counts(batch)
        return {**told, "job": job.pk, "state": job.state, "failure": job.error_message}

    def show(self, outcome: dict[str, Any]) -> None:
        for line in outcome["lines"]:
            why = f"  ({Reason(line['reason']).label})" if line["reason"] else ""
            self.stdout.write(f"{line['old']}\n  -> {line['new']}{why}")
        told = ", ".join(
            f"{outcome[name]:,} {words}"
            for name, words in (
                ("to_rename", "to rename"), ("renamed", "renamed"), ("unchanged", "unchanged"),
                ("refused", RenameState.REFUSED.label), ("failed", "failed"),
            )
            if outcome[name]
        )  # fmt: skip
        self.stdout.write(told or "No videos.")
        if "job" in outcome:
            self.stdout.write(f"Job {outcome['job']} {outcome['state']}")

    def failure(self, outcome: dict[str, Any]) -> str:
        return f"Failed: {outcome['failure']}" if outcome.get("state") == "failed" else ""
