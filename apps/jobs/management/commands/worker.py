"""``manage.py worker QUEUE``: run the jobs of one queue until told to stop."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.schema import require_current_schema
from apps.jobs.cluster.node import run_cluster
from apps.jobs.slots import slots


class Command(BaseCommand):
    help = "Run the jobs of one queue until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queue", choices=settings.MEDIAHUB_QUEUES)
        parser.add_argument("--workers", type=int, help="processes (default: the settings')")

    def handle(self, *_args: Any, queue: str, workers: int | None, **_options: Any) -> None:
        require_current_schema()
        number = workers or slots(queue)
        if number < 1:
            raise CommandError(
                f"The queue {queue} has no workers here: no GPU was found. "
                "Set MEDIAHUB_GPU_WORKERS if there is one all the same."
            )
        run_cluster(queue, slots=number)
