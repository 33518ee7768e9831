"""What the management commands have in common.

Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage. ``--json`` prints one
JSON object on stdout instead of text for people.
"""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from apps.core.errors import MediaHubError

_REDRAW_S = 0.2


class MediaHubCommand(BaseCommand):
    """Subclasses do the work in ``perform`` and show its outcome to people in ``show``."""

    _drawn_at = 0.0

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        as_json = options.pop("json")
        try:
            outcome = self.perform(**options)
        except MediaHubError as error:
            raise CommandError(str(error)) from error
        finally:
            self._end_progress()
        if as_json:
            self.stdout.write(json.dumps(outcome, cls=DjangoJSONEncoder))
        else:
            self.show(outcome)
        if failure := self.failure(outcome):
            raise CommandError(failure)

    def perform(self, **options: Any) -> dict[str, Any]:
        """Call the service; return what ``--json`` prints. A MediaHubError ends in status 1."""
        raise NotImplementedError

    def show(self, outcome: dict[str, Any]) -> None:
        """Print the outcome for people."""
        raise NotImplementedError

    def failure(self, _outcome: dict[str, Any]) -> str:
        """Why an outcome that was shown counts as failed all the same (status 1), else ``""``."""
        return ""

    def report(self, done: int, total: int | None = None, /, **facts: object) -> None:
        """A Progress: one line, drawn over and over, and only on a terminal."""
        now = time.monotonic()
        if not self.stderr.isatty() or now - self._drawn_at < _REDRAW_S:
            return
        self._drawn_at = now
        counts = "  ".join(f"{name} {value}" for name, value in facts.items())
        of_total = f" of {total:,}" if total is not None else ""
        self.stderr.write(f"\r\x1b[K{done:,}{of_total}  {counts}", ending="")
        self.stderr.flush()

    def _end_progress(self) -> None:
        if self._drawn_at:
            self.stderr.write("")
            self._drawn_at = 0.0
