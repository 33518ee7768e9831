"""``manage.py forget``: take files that are missing out of the catalogue, or show what would go."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.core.commands import MediaHubCommand
from apps.core.units import say_bytes
from apps.library.models import Library
from apps.library.services.forget import (
    Choice,
    check_forgettable,
    foresee,
    forget_missing,
    listed,
    path_below,
)
from apps.library.services.libraries import NoSuchLibrary, libraries_named

_LISTED = 100


class Command(MediaHubCommand):
    help = (
        "Forget files that are missing, with videos that have no other file and all that people "
        "wrote on them. Without --yes it only lists them. Nothing on disk is touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--library", metavar="NAME|ID", help="only of this library")
        parser.add_argument(
            "--older-than", type=int, metavar="DAYS", help="missing at least so long"
        )
        parser.add_argument("--path", default="", help="only below this folder of the library")
        parser.add_argument("--yes", action="store_true", help="do it; without, only list")

    def perform(  # type: ignore[override]
        self, *, library: str | None, older_than: int | None, path: str, yes: bool, **_options: Any
    ) -> dict[str, Any]:
        if path and not library:
            raise NoSuchLibrary("Name the library of the path, too: --library NAME.")
        until = timezone.now() - timedelta(days=older_than or 0)
        told = []
        for one in _libraries(library):
            check_forgettable(one)
            choice = Choice(one, until=until, path=path_below(one, path) if path else b"")
            told.append(self._forget(choice) if yes else _foreseen(choice))
        return {"dry_run": not yes, "libraries": told}

    def _forget(self, choice: Choice) -> dict[str, Any]:
        return {"library": choice.library.name, **forget_missing(choice, report=self.report)}

    def show(self, outcome: dict[str, Any]) -> None:
        for told in outcome["libraries"]:
            deed = "would be forgotten" if outcome["dry_run"] else "forgotten"
            self.stdout.write(
                f"{told['library']}: {told['files']:,} files and {told['videos']:,} videos {deed}"
            )
            if outcome["dry_run"]:
                self._show_losses(told)
        if outcome["dry_run"] and any(told["files"] for told in outcome["libraries"]):
            self.stdout.write("Nothing was changed: add --yes to forget them.")

    def _show_losses(self, told: dict[str, Any]) -> None:
        if told["videos"]:
            self.stdout.write(
                f"  of these videos {told['rated']:,} are rated, {told['tagged']:,} have tags, "
                f"{told['with_performers']:,} performers, {told['with_markers']:,} markers, "
                f"{told['played']:,} were played"
            )
        for one in told["listed"]:
            since, size = one["missing_since"], say_bytes(one["size"])
            self.stdout.write(f"  {since:%Y-%m-%d}  {size:>8}  {one['path']}")
        if told["files"] > len(told["listed"]):
            self.stdout.write(f"  and {told['files'] - len(told['listed']):,} more")


def _foreseen(choice: Choice) -> dict[str, Any]:
    files = [line.file for line in listed(choice, limit=_LISTED)]
    told = [
        {"id": f.pk, "path": f.path, "size": f.size_bytes, "missing_since": f.missing_since}
        for f in files
    ]
    return {"library": choice.library.name, **asdict(foresee(choice)), "listed": told}


def _libraries(asked: str | None) -> list[Library]:
    """Those that have missing files, or the one asked for. Raises NoSuchLibrary."""
    if asked is not None:
        return libraries_named(asked)
    return list(Library.objects.filter(files__missing_since__isnull=False).distinct())
