"""``manage.py stashbox_standin``: a stash-box of one's own, to try identification without one."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.artifacts.choices import Grade
from apps.artifacts.models import Fingerprint
from apps.core.schema import require_current_schema
from apps.library.models import File

_BATCH = 500
_NOTHING = ("", "0" * 16)


class Command(BaseCommand):
    help = (
        "Answer as a stash-box does, on this machine only, until Ctrl-C: with the data of a file, "
        "and with scenes made up for the videos here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=9_997, help="0 is any that is free (9997)")
        parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="JSON")
        parser.add_argument(
            "--for-library", action="store_true", help="make up scenes for the videos here"
        )
        parser.add_argument(
            "--distance", type=int, default=0, help="bits by which a phash may differ (0)"
        )

    def handle(
        self, *_args: Any, port: int, source: Path | None, for_library: bool, distance: int,
        **_options: Any,
    ) -> None:  # fmt: skip
        standin = _package()
        data = _read(standin, source)
        if for_library:
            require_current_schema()
            made = standin.invent(data, _videos(standin.Known))
            self.stdout.write(f"Made up {made:,} scenes for the videos here.")
        settings = standin.Settings(distance=distance)
        try:
            with _stopping() as told, standin.serve(data, settings=settings, port=port) as running:
                self.stdout.write(f"A stash-box answers at {running.url}")
                self.stdout.write(f"Its API key: {standin.KEY}")
                self.stdout.write("It is in a private network, which its box must be allowed.")
                self.stdout.flush()
                told.wait()
        except KeyboardInterrupt:
            pass  # as it was asked to
        except OSError as error:
            raise CommandError(f"Port {port} cannot be used: {error.strerror}.") from error
        self.stdout.write("Stopped.")


def _package() -> Any:
    """The stand-in, which is with the tests. Raises CommandError where it can't run."""
    try:
        return import_module("tests.stashbox.standin")
    except ModuleNotFoundError as error:
        raise CommandError(
            f"The stand-in needs what tests need, and {error.name} is not installed here: use a "
            "copy of the source and `pip install -r requirements/dev.txt`."
        ) from error


def _read(standin: Any, source: Path | None) -> Any:
    if source is None:
        return standin.Data()
    try:
        return standin.Data.load(source)
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise CommandError(f"{source} is no data of a stand-in: {error}") from error


def _videos(known: Any) -> Iterator[Any]:
    """The first file of each video, with its fingerprints."""
    files = (
        File.objects.filter(video__isnull=False, missing_since=None)
        .order_by("video", "pk").distinct("video")
    )  # fmt: skip
    batch: list[File] = []
    for file in files.iterator(_BATCH):
        batch.append(file)
        if len(batch) == _BATCH:
            yield from _with_prints(known, batch)
            batch = []
    yield from _with_prints(known, batch)


def _with_prints(known: Any, files: list[File]) -> Iterator[Any]:
    contents = [file.content for file in files if file.content]
    hashes = Fingerprint.objects.exclude(grade=Grade.FLAT).in_bulk(contents)
    for file in files:
        seconds = round((file.duration_ms or 0) / 1_000)
        found = hashes.get(file.content)
        prints = [("OSHASH", file.oshash, seconds), ("PHASH", found.hex if found else "", seconds)]
        yield known(
            PurePosixPath(file.path).stem, [each for each in prints if each[1] not in _NOTHING]
        )


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """What SIGTERM sets."""
    told = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: told.set())
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)
