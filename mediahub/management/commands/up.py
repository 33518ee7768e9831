"""``manage.py up``: everything that MediaHub is, in the foreground. ``make run`` calls it."""

import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.core.errors import MediaHubError
from apps.jobs.registry import all_tasks
from apps.jobs.slots import slots
from mediahub import first_run, postgres
from mediahub.supervisor import Health, Program, supervise

_LAST_ONES_DIE_S = 3.0  # what was killed a moment ago may still hold on to the database
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 compared with, not bound to


class AddressUnusable(MediaHubError):
    """The web server can't listen where MEDIAHUB_BIND says."""

    code = "address_unusable"


class Command(BaseCommand):
    help = "Start web, workers, scheduler and watch here, until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--media", type=Path, help="a folder to register and scan")

    def handle(self, *_args: Any, media: Path | None, **_options: Any) -> None:
        try:
            host, port = self._prepare(media)
        except MediaHubError as error:
            raise CommandError(str(error)) from error
        connections.close_all()
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        supervise(
            programs(settings.MEDIAHUB_BIND),
            folder=settings.BASE_DIR,
            logs=settings.MEDIAHUB_DATA_DIR / "logs",
            health=Health(host, port, f"Ready: {url} (Ctrl-C stops MediaHub)"),
            as_json=settings.MEDIAHUB_LOG_FORMAT == "json",
        )
        self._leave_database()

    def _prepare(self, media: Path | None) -> tuple[str, int]:
        host, port = free_address(settings.MEDIAHUB_BIND)
        self._say("Preparing the database and the static files…")
        first_run.migrate()
        first_run.collect_static()
        self._say(first_run.create_first_admin())
        first_run.add_media(media, say=self._say)
        self._say("Starting web, workers and scheduler…")
        return _EVERYWHERE.get(host, host), port

    def _leave_database(self) -> None:
        database = settings.DATABASES["default"]
        if not database["URL"]:
            data_dir = database["EMBEDDED"]["data_dir"]
            if not postgres.leave(data_dir, patience_s=_LAST_ONES_DIE_S):
                self._say("PostgreSQL goes on for other programs that use it.")
        self._say("MediaHub has stopped.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def free_address(bind: str) -> tuple[str, int]:
    """Host and port of HOST:PORT, free to listen on. Raises AddressUnusable."""
    host, _, digits = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not digits.isdecimal() or int(digits) > 65_535:
        raise AddressUnusable(f"MEDIAHUB_BIND must be HOST:PORT, as in 127.0.0.1:8000; not {bind}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, int(digits)), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise AddressUnusable(
            f"MediaHub can't listen on {bind} ({reason}): end the program that does, "
            "or set MEDIAHUB_BIND to another address."
        ) from error
    return host, int(digits)


def programs(bind: str) -> list[Program]:
    """What makes up MediaHub: web server, a cluster of workers for each queue, scheduler, watch."""
    python = [sys.executable, "-u"]
    host, _, port = bind.rpartition(":")
    web = ["env", "DJANGO_SETTINGS_MODULE=mediahub.settings.web", *python, "-m", "uvicorn"]
    web += ["mediahub.asgi:application", "--host", host.strip("[]"), "--port", port]
    web += ["--workers", str(settings.MEDIAHUB_WEB_WORKERS), "--lifespan", "off"]
    web += ["--timeout-graceful-shutdown", "5", "--log-level", "warning", "--no-access-log"]
    manage = [*python, "manage.py"]
    used = sorted({task.queue.value for task in all_tasks()})
    return [
        Program("web", web),
        *(Program(q, [*manage, "worker", q]) for q in used if slots(q)),
        Program("scheduler", [*manage, "scheduler"]),
        Program("watch", [*manage, "watch"]),
    ]
