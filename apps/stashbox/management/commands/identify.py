"""``manage.py identify``: ask stash-boxes what they know of the videos."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.stashbox.models import StashBox
from apps.stashbox.services.identify import NoBox, boxes_to_ask, identify
from apps.stashbox.tasks import chosen


class Command(MediaHubCommand):
    help = (
        "Ask stash-boxes about videos by their fingerprints, then by words. What is certain is "
        "applied, what is likely waits for review. Only what is new or changed is asked about."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--q", default="", metavar="QUERY", help="which videos (all)")
        parser.add_argument("--box", metavar="NAME|ID", help="ask this one alone")
        parser.add_argument("--again", action="store_true", help="also what was asked about before")

    def perform(  # type: ignore[override]
        self, *, q: str, box: str | None, again: bool, **_options: Any
    ) -> dict[str, Any]:
        boxes = boxes_to_ask([_named(box).pk] if box else None)
        return asdict(identify(chosen(q=q), boxes=boxes, again=again, report=self.report))

    def show(self, outcome: dict[str, Any]) -> None:
        self.stdout.write(
            f"{outcome['asked']:,} asked about and {outcome['searched']:,} searched for in "
            f"{outcome['requests']:,} requests: {outcome['applied']:,} applied, "
            f"{outcome['review']:,} to review, {outcome['nothing']:,} without a candidate."
        )
        if outcome["without"]:
            self.stdout.write(f"{outcome['without']:,} have no fingerprint yet.")

    def failure(self, outcome: dict[str, Any]) -> str:
        return " ".join(f"{name}: {why}" for name, why in outcome["failed"].items())


def _named(box: str) -> StashBox:
    """Raises NoBox."""
    boxes = StashBox.objects.filter(name__iexact=box)
    if not boxes and box.isascii() and box.isdecimal():
        boxes = StashBox.objects.filter(pk=min(int(box), 2**63 - 1))
    if not boxes:
        raise NoBox(f"No stash-box is named {box}.")
    return boxes[0]
