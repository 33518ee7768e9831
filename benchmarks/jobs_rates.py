"""Jobs that do nothing: ours, those of bare django-q2 and of Procrastinate, in turns, on the same
PostgreSQL, with two workers each. ``python -m benchmarks.jobs_rates`` runs this part alone.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import psycopg

from benchmarks import place
from benchmarks.report import Report
from benchmarks.running import wait_for
from benchmarks.turns import paired_ratio

_JOBS, _WARM = 1_000, 100
_TURNS = 3
_NOTES = 60
_PROMPT_MS = 100.0


@dataclass(frozen=True, slots=True)
class Peer:
    """``left`` asks how many jobs are waiting or at work, ``forget`` removes all jobs."""

    name: str
    database: str
    commands: Sequence[Sequence[str]]
    left: str
    forget: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": place.url(self.database), **self.settings}

    def sql(self, statement: str) -> int:
        with psycopg.connect(place.url(self.database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return int(row[0]) if row else 0

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=place.ROOT, env=self.environment, check=True, capture_output=True
        )
        return done.stdout.decode()

    def ask(self, deed: str, number: int, file: Path) -> list[float]:
        """The numbers that the asking process says."""
        whose = "django-q2" if self.name.startswith("django-q2") else self.name
        said = self.run(
            sys.executable, "-m", "benchmarks.jobs_asking", whose, deed, str(number), str(file)
        )
        return [float(line) for line in said.split()]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While its workers run."""
        started = [
            subprocess.Popen(
                command, cwd=place.ROOT, env=self.environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for command in self.commands
        ]  # fmt: skip
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(30)
                process.kill()
                process.wait()


_OURS = {"DJANGO_SETTINGS_MODULE": "benchmarks.jobs_settings", "MEDIAHUB_LOG_LEVEL": "WARNING"}
_Q2 = {"DJANGO_SETTINGS_MODULE": "benchmarks.jobs_q2"}
_PYTHON = sys.executable
_APP = [
    str(Path(_PYTHON).with_name("procrastinate")), "--app=benchmarks.jobs_asking.app",
]  # fmt: skip
_PEERS = [
    Peer(
        "ours", "bench_jobs",
        [
            [_PYTHON, "manage.py", "worker", "cpu", "--workers", "2"],
            [_PYTHON, "manage.py", "scheduler"],
        ],
        "SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')",
        "TRUNCATE jobs_job, jobs_jobchange CASCADE", _OURS,
    ),
    Peer(
        "django-q2", "bench_jobs_q2", [[_PYTHON, "-m", "django", "qcluster"]],
        "SELECT count(*) FROM django_q_ormq", "TRUNCATE django_q_ormq, django_q_task", _Q2,
    ),
    Peer(
        "django-q2, keeping all results", "bench_jobs_q2", [[_PYTHON, "-m", "django", "qcluster"]],
        "SELECT count(*) FROM django_q_ormq", "TRUNCATE django_q_ormq, django_q_task",
        {**_Q2, "BENCH_KEEPS_ALL": "1"},
    ),
    Peer(
        "procrastinate", "bench_jobs_procrastinate", [[*_APP, "worker", "--concurrency", "2"]],
        "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
        "TRUNCATE procrastinate_jobs CASCADE",
    ),
]  # fmt: skip


def run(report: Report) -> None:
    """Rates in turns, then how soon each starts at a system that has nothing to do."""
    _make_databases()
    asked: dict[str, list[float]] = {peer.name: [] for peer in _PEERS}
    done: dict[str, list[float]] = {peer.name: [] for peer in _PEERS}
    for _turn in range(_TURNS):
        for peer in _PEERS:
            asking, working = _turn_of(peer)
            asked[peer.name].append(asking)
            done[peer.name].append(working)
    for peer in _PEERS:
        name, turns = peer.name, asked[peer.name]
        report.add(f"enqueued one by one: {name}", median(turns), "jobs/s", turns=turns)
    for peer in _PEERS:
        name, turns = peer.name, done[peer.name]
        report.add(f"done by two workers: {name}", median(turns), "jobs/s", turns=turns)
    for peer in _PEERS[1:]:
        ratio, turns = paired_ratio(done["ours"], done[peer.name])
        least = 1 if peer.name in ("django-q2", "procrastinate") else None
        report.add(f"done: ours against {peer.name}", ratio, "times", least=least, turns=turns)
    for peer in (_PEERS[0], _PEERS[1], _PEERS[3]):
        _starts(report, peer)


def _make_databases() -> None:
    from django.db import connection

    for peer in _PEERS:
        if peer.name == "ours":
            place.make_database(peer.database)
        elif "keeping" not in peer.name:
            place.make_empty_database(peer.database)
            if peer.name == "procrastinate":
                peer.run(*_APP, "schema", "--apply")
            else:
                peer.run(_PYTHON, "-m", "django", "migrate", "--verbosity", "0")
    place.use_database("bench_jobs")
    with connection.cursor() as cursor:
        from tests.rigs.work.tasks import EFFECTS

        cursor.execute(EFFECTS)


def _turn_of(peer: Peer) -> tuple[float, float]:
    """Jobs enqueued a second while nobody works, and done a second when nobody asks."""
    peer.sql(peer.forget)
    (asked,) = peer.ask("rate", _JOBS, Path("-"))
    with peer.at_work(), psycopg.connect(place.url(peer.database), autocommit=True) as watching:

        def left() -> int:
            row = watching.execute(peer.left).fetchone()
            return int(row[0]) if row else 0

        wait_for(lambda: left() <= _JOBS - _WARM)
        first, began = left(), time.perf_counter()
        wait_for(lambda: left() == 0, limit_s=300)
        return asked, first / (time.perf_counter() - began)


def _starts(report: Report, peer: Peer) -> None:
    """Milliseconds from the end of the enqueueing transaction to the start of the work."""
    peer.sql(peer.forget)
    file = place.BUILD / "jobs-notes"
    file.unlink(missing_ok=True)
    with peer.at_work():
        peer.ask("notes", 2, file)
        wait_for(lambda: len(_noted(file)) == 2)
        asked = peer.ask("notes", _NOTES, file)
        wait_for(lambda: len(_noted(file)) == 2 + _NOTES)
    waits = [1_000 * (start - ask) for ask, start in zip(asked, _noted(file)[2:], strict=True)]
    most = _PROMPT_MS if peer.name == "ours" else None
    half, most_ms = float(np.median(waits)), float(np.percentile(waits, 95))
    report.add(f"from enqueued to started, half of them: {peer.name}", half, "ms")
    report.add(f"from enqueued to started, p95: {peer.name}", most_ms, "ms", most=most, turns=waits)
    file.unlink()


def _noted(file: Path) -> list[float]:
    return [float(line) for line in file.read_text().split()] if file.exists() else []


if __name__ == "__main__":
    place.use_own_data()
    _report = Report("jobs_rates")
    run(_report)
    print(f"{_report.summary()}\nwritten to {_report.write()}")
