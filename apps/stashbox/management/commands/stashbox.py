"""``manage.py stashbox``: test boxes, give back to them, look performers up, read sidecar files."""

import json
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from apps.core.commands import MediaHubCommand
from apps.core.errors import MediaHubError
from apps.library.models import Performer, Video
from apps.stashbox.models import StashBox
from apps.stashbox.services import performers
from apps.stashbox.services.boxes import in_order, test_box
from apps.stashbox.services.drafts import (
    draft_of,
    give_draft,
)
from apps.stashbox.services.scrape import scrape_files
from apps.stashbox.services.submit import foresee, submit_fingerprints
from apps.stashbox.tasks import chosen


class NoSuchBox(MediaHubError):
    """No box has the name."""

    code = "no_such_box"


class NoSuchRow(MediaHubError):
    """No video or performer has the number."""

    code = "no_such_row"


class Command(MediaHubCommand):
    help = "Test stash-boxes, give fingerprints back, look performers up, read files beside videos."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        deeds = parser.add_subparsers(dest="deed", required=True, metavar="DEED")
        test = deeds.add_parser("test", help="whether boxes answer, and whose key they know")
        submit = deeds.add_parser("submit", help="give the fingerprints of sure matches back")
        draft = deeds.add_parser("draft", help="give a draft of a video or performer")
        which = draft.add_mutually_exclusive_group(required=True)
        which.add_argument("--video", type=int, metavar="ID")
        which.add_argument("--performer", type=int, metavar="ID")
        draft.add_argument("--again", action="store_true", help="even if it was given before")
        for one in (submit, draft):
            one.add_argument(
                "--dry-run", action="store_true", help="print exactly what would be sent, no more"
            )
        look_up = deeds.add_parser("performers", help="look up who isn't linked, and who is anew")
        look_up.add_argument(
            "--most", type=int, default=performers.MOST_AT_ONCE, metavar="N",
            help="performers who aren't linked to ask about (%(default)s)",
        )  # fmt: skip
        for one in (test, submit, draft, look_up):
            one.add_argument("--box", metavar="NAME", help="this one alone")
        scrape = deeds.add_parser("scrape", help="candidates from the files beside videos")
        for one in (submit, scrape):
            one.add_argument("--q", default="", metavar="QUERY", help="which videos (all)")
        for one in (test, submit, draft, look_up, scrape):
            one.add_argument("--json", action="store_true", default=SUPPRESS)

    def perform(self, *, deed: str, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        if deed == "scrape":
            found = asdict(scrape_files(chosen(q=options["q"]), report=self.report))
            return {"deed": deed, **found}
        asked = {
            "test": self._test, "submit": self._submit, "draft": self._draft,
            "performers": self._look_up,
        }[deed]  # fmt: skip
        boxes = _boxes(options["box"], only_marked=deed in {"submit", "draft"})
        outcomes = [self._of(box, asked, options) for box in boxes]
        return {"deed": deed, "boxes": outcomes}

    def show(self, outcome: dict[str, Any]) -> None:
        for told in outcome.get("told", []):
            self.stdout.write(told)
        if outcome["deed"] == "scrape":
            self.stdout.write(
                f"{outcome['found']:,} candidates beside {outcome['videos']:,} videos; "
                f"{outcome['refused']:,} could not be read."
            )
        elif not outcome["boxes"]:
            self.stdout.write("No stash-box is switched on that may be asked so.")
        for box in outcome.get("boxes", []):
            self._show(box)

    def failure(self, outcome: dict[str, Any]) -> str:
        failed = [box["box"] for box in outcome.get("boxes", []) if box.get("error")]
        return f"It failed for {', '.join(failed)}." if failed else ""

    def _show(self, box: dict[str, Any]) -> None:
        for one in box.get("would_send", []):
            self.stdout.write(json.dumps(one, ensure_ascii=False))
        for told in box.get("told", []):
            self.stdout.write(told)
        counts = [f"{name} {value:,}" for name, value in box.items() if isinstance(value, int)]
        said = box.get("error") or box.get("message") or ", ".join(counts)
        self.stdout.write(f"{box['box']}: {said}")

    def _of(
        self,
        box: StashBox,
        asked: Callable[[StashBox, dict[str, Any]], dict[str, Any]],
        options: dict[str, Any],
    ) -> dict[str, Any]:
        """One box's trouble keeps no other from being asked."""
        try:
            return {"box": box.name, **asked(box, options)}
        except MediaHubError as error:
            return {"box": box.name, "error": str(error)}

    def _test(self, box: StashBox, _options: dict[str, Any]) -> dict[str, Any]:
        state = test_box(box)
        if not state.ok:
            return {"error": state.message, "reason": state.reason}
        return {"message": state.message, "user": state.user, "version": state.version}

    def _submit(self, box: StashBox, options: dict[str, Any]) -> dict[str, Any]:
        videos = chosen(q=options["q"]) if options["q"] else None
        if options["dry_run"]:
            gifts = [gift.as_input() for gift in foresee(box, videos=videos)]
            return {"fingerprints": len(gifts), "would_send": gifts}
        return asdict(submit_fingerprints(box, videos=videos, report=self.report))

    def _draft(self, box: StashBox, options: dict[str, Any]) -> dict[str, Any]:
        """Raises NoSuchRow."""
        model: type[Video | Performer] = Video if options["video"] else Performer
        row = model._default_manager.filter(pk=options["video"] or options["performer"]).first()
        if row is None:
            raise NoSuchRow(f"There is no {model._meta.verbose_name} of this number.")
        if options["dry_run"]:
            made = draft_of(row, box)
            size = len(made.image or b"")
            return {"image_bytes": size, "would_send": [{**made.fields}]}
        given = give_draft(row, box, again=options["again"])
        return {"message": f"it is there as draft {given.remote_id}", "draft": given.remote_id}

    def _look_up(self, box: StashBox, options: dict[str, Any]) -> dict[str, Any]:
        now = timezone.now()
        found = performers.check_unlinked(box, now=now, most=options["most"], report=self.report)
        before = now - performers.AGAIN_AFTER
        fresh = performers.refresh(box, before=before, report=self.report)
        return {
            "asked": found.asked, "linked": found.linked, "to review": found.review,
            "refreshed": fresh.asked, "changed": fresh.changed, "followed": fresh.followed,
            "gone": fresh.gone,
        }  # fmt: skip


def _boxes(name: str | None, *, only_marked: bool) -> list[StashBox]:
    """Those that are switched on (and may be given to), or the one of the name, which then says
    why not. Raises NoSuchBox."""
    if name is None:
        return [box for box in in_order() if box.may_submit or not only_marked]
    boxes = list(StashBox.objects.filter(name__iexact=name))
    if not boxes:
        raise NoSuchBox(f"No stash-box is called {name}.")
    return boxes
