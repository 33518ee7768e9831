"""``manage.py scheduler``: upkeep of the jobs, and what the apps want done from time to time."""

import logging
import signal
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connections

from apps.core.schema import require_current_schema
from apps.jobs.registry import Periodic, all_periodics

logger = logging.getLogger(__name__)

_PATIENCE_S = 10.0
_KEEPS_CONNECTION_S = 10.0


class Command(BaseCommand):
    help = "Take back abandoned jobs and start what is due, until SIGTERM or Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        require_current_schema()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        repeat_all(all_periodics(), stop)


def repeat_all(periodics: Iterable[Periodic], stop: threading.Event) -> None:
    """Call each again and again until told to stop.

    Each has a thread of its own, so that a slow one keeps no other waiting. At the end those under
    way have ten seconds; what then still runs dies with the process, its transaction undone.
    """
    threads = [
        threading.Thread(target=_repeat, args=(each, stop), name=each.name, daemon=True)
        for each in periodics
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    deadline = time.monotonic() + _PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _repeat(each: Periodic, stop: threading.Event) -> None:
    due = time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        due = time.monotonic() + each.every_s
        _call(each)
        if each.every_s > _KEEPS_CONNECTION_S:
            connections.close_all()
    connections.close_all()


def _call(each: Periodic) -> None:
    """One that fails, or a database that is away, doesn't keep it from the next time."""
    close_old_connections()
    try:
        each.call()
    except DatabaseError as error:
        logger.warning("%s: %s", each.name, error)
    except Exception:
        logger.exception("%s failed", each.name)
