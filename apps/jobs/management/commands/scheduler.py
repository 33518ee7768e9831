"""``manage.py scheduler``: upkeep of the jobs, and what the apps want done from time to time."""

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from apps.core.schema import require_current_schema
from apps.jobs.registry import Periodic, all_periodics

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Requeue abandoned jobs and start what is due, until SIGTERM or Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        require_current_schema()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        due = {each.name: 0.0 for each in all_periodics()}
        while not stop.wait(1.0):
            for each in all_periodics():
                if time.monotonic() >= due[each.name]:
                    due[each.name] = time.monotonic() + each.every_s
                    _call(each)


def _call(each: Periodic) -> None:
    """One that fails, or a database that is away, doesn't keep the others from running."""
    close_old_connections()
    try:
        each.call()
    except DatabaseError as error:
        logger.warning("%s: %s", each.name, error)
    except Exception:
        logger.exception("%s failed", each.name)
