"""``manage.py watch``: see changes in libraries as they happen, until told to stop."""

import signal
from collections.abc import Sequence
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import MediaHubError
from apps.core.schema import require_current_schema
from apps.jobs.choices import JobState
from apps.library.models import Library
from apps.library.services.watch import watch_libraries
from apps.library.tasks import request_comparison, request_scan


class Command(BaseCommand):
    help = "Keep the catalogue up with what changes on disk, until SIGTERM or Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        require_current_schema()
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            watch_libraries(
                stop=stop, request_scan=_request_scan, request_comparison=request_comparison
            )
        except MediaHubError as error:
            raise CommandError(str(error)) from error


def _request_scan(library: Library, *, paths: Sequence[str] = ()) -> bool:
    return request_scan(library, paths=paths).state == JobState.QUEUED
