"""What it would cost if every change of a job notified (docs/events.md)."""

import os
import subprocess
import sys
from statistics import median

import psycopg

from benchmarks import place
from benchmarks.report import Report

ADD = """
    INSERT INTO jobs_job (kind, state, queue, priority, params, dedupe_key, item, is_batch, waits,
        lane, lane_limit, target_type, created_at, attempt, max_attempts, crashes, quarantined,
        evidence, pause_requested, fence, worker, version, done, unit, facts, summary, error_type,
        error_message, lease_until)
    SELECT 'bench', 'running', 'cpu', 0, '{}', '', '', false, 0, '', 0, '', now(), 1, 1, 0, false,
        '{}', false, 1, 'bench', 1, 0, '', '{}', '{}', '', '', now() + interval '1 hour'
    FROM generate_series(1, %s) RETURNING id
"""
_COMMITS = """
import sys, time, psycopg
url, pk, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
commits = 0
with psycopg.connect(url, autocommit=True) as database:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        database.execute("UPDATE jobs_job SET version = version + 1 WHERE id = %s", [pk])
        commits += 1
print(commits)
"""
_NOTIFY = """
    CREATE FUNCTION bench_notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('mediahub_job_events', ''); RETURN NULL; END $$;
    CREATE TRIGGER bench_notify AFTER UPDATE ON jobs_job
        FOR EACH STATEMENT EXECUTE FUNCTION bench_notify();
"""


def measure(report: Report) -> None:
    """Commits a second without and with."""
    place.make_database("bench_notices")
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database:
        ids = [pk for (pk,) in database.execute(ADD, (8,)).fetchall()]
        database.execute(_NOTIFY)
        database.execute("LISTEN mediahub_job_events")
        rates: dict[tuple[int, str], list[float]] = {}
        for _turn in range(3):
            for writers in (1, 4, 8):
                for how in ("DISABLE", "ENABLE"):
                    database.execute(f"ALTER TABLE jobs_job {how} TRIGGER bench_notify")
                    rates.setdefault((writers, how), []).append(_commits_per_s(url, ids[:writers]))
    for (writers, how), turns in rates.items():
        what = "with" if how == "ENABLE" else "without"
        report.add(f"commits {what} NOTIFY, {writers} at once", median(turns), "/s", turns=turns)


def _commits_per_s(url: str, ids: list[int], *, seconds: float = 3.0) -> float:
    command = [sys.executable, "-c", _COMMITS, url]
    writers = [
        subprocess.Popen([*command, str(pk), str(seconds)], stdout=subprocess.PIPE) for pk in ids
    ]
    return sum(int(writer.communicate()[0]) for writer in writers) / seconds
