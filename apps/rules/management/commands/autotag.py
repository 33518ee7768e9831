"""``manage.py autotag``: give videos the labels whose names stand in their titles or paths."""

from argparse import ArgumentParser
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.rules.services.autotag import auto_tag, foresee, settings_of_all
from apps.rules.tasks import chosen, summary_of


class Command(MediaHubCommand):
    help = (
        "Find tags, performers and studios by their names in titles and paths. Without --apply "
        "it only says what would come of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--q", default="", metavar="QUERY", help="which videos (all)")
        parser.add_argument("--apply", action="store_true", help="give them the labels")

    def perform(  # type: ignore[override]
        self, *, q: str, apply: bool, **_options: Any
    ) -> dict[str, Any]:
        videos, settings = chosen(q=q), settings_of_all()
        if apply:
            found = auto_tag(videos, settings, report=self.report)
        else:
            found = foresee(videos, settings)
        labels = [
            {"kind": kind, "id": pk, "name": name, "videos": number}
            for kind, pk, name, number in found.busiest
        ]
        return {**summary_of(found), "applied": apply, "labels": labels}

    def show(self, outcome: dict[str, Any]) -> None:
        for label in outcome["labels"]:
            self.stdout.write(f"{label['videos']:>9,}  {label['kind']} {label['name']}")
        done = "got" if outcome["applied"] else "would get"
        self.stdout.write(f"{outcome['changed']:,} of {outcome['matched']:,} videos {done} labels.")
