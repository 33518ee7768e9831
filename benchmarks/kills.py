"""Kill -9 in the middle of scans: the catalogue is afterwards as if it had never happened."""

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import place, tree
from benchmarks.report import Report
from benchmarks.running import Running, wait_for

_REFERENCE = "bench_kills"
_FILES = 400
_PER_SECOND = 60  # so that a scan lasts long enough to be killed in its middle
_SPAN_S = 3.5  # less than a scan's length: each has over 220 files to read
_KILLS = int(os.environ.get("MEDIAHUB_BENCH_KILLS", "20"))
_SEED = 20_261_121

# What the catalogue says, without ids and times.
_FILES_SAID = """
    SELECT file.path, file.content, file.size_bytes, file.missing_since IS NULL, video.title,
           video.details, video.path, video.primary_file_id = file.id
    FROM library_file file LEFT JOIN library_video video ON video.id = file.video_id
    ORDER BY 1, 2, 3, 4, 5
"""
_VIDEOS_SAID = """
    SELECT title, details, path, size_bytes, missing_since IS NULL,
           (SELECT count(*) FROM library_file WHERE video_id = video.id)
    FROM library_video video ORDER BY 1, 2, 3
"""
_WRITE = "UPDATE library_video SET details = md5(path) WHERE details = ''"


def run(report: Report) -> None:
    """The worker at 20 random moments, the database once, everything at once."""
    root = _plant()
    chance = random.Random(_SEED)
    place.make_database(_REFERENCE)
    calm = _Calm(root)
    with Running(
        "kills", MEDIAHUB_JOB_LEASE_SECONDS="6", MEDIAHUB_WEB_WORKERS="1", MEDIAHUB_CPU_WORKERS="1"
    ) as running:
        library = running.add_library(root, "kills")
        running.sql(
            "UPDATE library_library SET files_per_second = %s, watch = false", (_PER_SECOND,)
        )
        deeds: list[tuple[str, Callable[[], None]]] = [
            *[("the worker", lambda: running.kill_worker(chance))] * _KILLS,
            ("PostgreSQL", running.kill_database),
            ("everything", lambda: (running.kill_everything(), running.start())),  # type: ignore[func-returns-value]
        ]
        took: dict[str, list[float]] = {}
        for number, (what, deed) in enumerate(deeds):
            if number:
                _change(root, chance, number)
            moment_s = (number + chance.random()) * _SPAN_S / len(deeds)
            seconds, hit = _round(running, library, deed, moment_s)
            took.setdefault(what, []).append(seconds)
            calm.scan()
            questions = (_FILES_SAID, _VIDEOS_SAID)
            equal = all(running.sql(question) == calm.ask(question) for question in questions)
            report.check(
                f"{number + 1}: {what} killed after {moment_s:.1f} s: as an undisturbed scan",
                holds=equal, note=hit,
            )  # fmt: skip
            running.sql(_WRITE)
            calm.ask(_WRITE)
        for what, seconds_each in took.items():
            report.add(f"{what} killed: until the scan is done", median(seconds_each), "s",
                       turns=seconds_each)  # fmt: skip


def _round(
    running: Running, library: int, deed: Callable[[], Any], moment_s: float
) -> tuple[float, str]:
    """Kill a scan; seconds until it was done all the same, and how far it was."""
    job = running.scan(library)
    wait_for(lambda: running.job(job) != "queued")
    time.sleep(moment_s)
    ended = running.has_ended(job)
    began = time.monotonic()
    deed()
    wait_for(lambda: running.has_ended(job))
    seconds = time.monotonic() - began
    ((state, attempt, summary),) = running.sql(
        "SELECT state, attempt, summary FROM jobs_job WHERE id = %s", (job,)
    )
    counted = ", ".join(f"{summary[n]} {n}" for n in ("added", "changed", "moved") if n in summary)
    note = "after its end, " if ended else ""
    return seconds, f"{note}{state} at attempt {attempt}; the last one: {counted}"


class _Calm:
    """The same tree scanned by nobody who is killed."""

    def __init__(self, root: Path) -> None:
        from apps.library.services.libraries import add_library

        self.library = add_library(root)

    def scan(self) -> None:
        from django.utils import timezone

        from apps.library.services.scan import scan_library

        self.library.refresh_from_db()
        scan_library(self.library, now=timezone.now())

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def _plant() -> Path:
    root = place.BUILD / "kills"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(tree.make_tree(_FILES), root)
    return root


def _change(root: Path, chance: random.Random, number: int) -> None:
    """Much of what people do between two scans; never so much gone that the scan would ask."""
    folders = sorted({path.parent for path in root.rglob("*.wav")})
    folder = chance.choice(folders)
    folder.rename(folder.with_name(f"renamed {number}"))
    files = sorted(root.rglob("*.wav"))
    chance.shuffle(files)
    for path in files[:60]:
        path.rename(path.with_name(f"{number} {path.name[-40:]}"))
    for path in files[60:100]:
        path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0%04d" % number)
    for path in files[100:104]:
        path.unlink()
    shutil.copy(files[104], files[105].with_name(f"copy {number}.wav"))
    for offset, other in zip(range(0, 40, 2), files[110:150], strict=False):
        other.with_name(f"new {number}-{offset}.wav").write_bytes(
            tree.sound(1_000_000 + 1_000 * number + offset)
        )
