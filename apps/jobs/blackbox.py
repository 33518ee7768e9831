"""What a worker was running, written where its death doesn't reach, for the inquest.

A file a worker process, rewritten for every program that its job starts. It needs no fsync: the
kernel keeps it when the process is killed.
"""

import os
import shlex
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from apps.core import process
from apps.jobs.places import here, is_alive, worker_name

_LONGEST = 2_000


def record_commands() -> None:
    """From now on, with a clean record, this process writes down each program that it starts."""
    process.on_start = _record
    forget(worker_name())


def last_command(worker: str) -> str:
    """The program that a worker started last in its present job; empty if none is known."""
    with suppress(OSError):
        return _file(worker).read_text()
    return ""


def forget_dead() -> None:
    """Remove what was written of all workers of this place that are gone."""
    for file in _folder().glob(f"{here()}:*.command"):
        if not is_alive(file.stem):
            forget(file.stem)


def forget(worker: str) -> None:
    """Remove what was written of a worker that is gone."""
    with suppress(OSError):
        _file(worker).unlink()


def _record(arguments: process.Arguments) -> None:
    words = [os.fsdecode(argument) for argument in arguments]
    text = shlex.join(words).encode("utf-8", "backslashreplace").decode()
    file = _file(worker_name())
    with suppress(OSError):  # evidence is worth having, not worth failing for
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text[:_LONGEST])


def _file(worker: str) -> Path:
    return _folder() / f"{worker}.command"


def _folder() -> Path:
    folder: Path = settings.MEDIAHUB_DATA_DIR / "tmp" / "workers"
    return folder
