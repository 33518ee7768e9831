"""``manage.py why PATH…``: why is this file not in the catalogue?"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from apps.core.commands import MediaHubCommand
from apps.library.services.explain import explain, patient_disk


class Command(MediaHubCommand):
    help = "Say of each PATH whether it is in the catalogue, and if not, why and what to do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def perform(self, *, paths: list[Path], **_options: Any) -> dict[str, Any]:  # type: ignore[override]
        with patient_disk() as disk:
            answers = [explain(os.fsencode(path.absolute()), disk=disk) for path in paths]
        return {"paths": [answer.as_json() for answer in answers]}

    def show(self, outcome: dict[str, Any]) -> None:
        for told in outcome["paths"]:
            self.stdout.write(repr(told["path"])[1:-1])
            self.stdout.write(f"  {told['sentence']} {told['advice']}".rstrip())
