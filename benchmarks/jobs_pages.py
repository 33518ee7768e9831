"""The pages about jobs when a million have ended and ten thousand wait."""

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from benchmarks.report import Report
from benchmarks.requests import Page, measure

_FINISHED, _WAITING, _BATCHES = 1_000_000, 10_000, 100
_MOST_MS = 150.0
# Half of what ended were parts of batches, one in fifty failed.
_FILL = """
INSERT INTO jobs_job (
    kind, state, queue, priority, params, dedupe_key, parent_id, item, is_batch, waits, lane,
    lane_limit, target_type, created_at, started_at, finished_at, attempt, max_attempts, crashes,
    quarantined, evidence, pause_requested, fence, worker, version, done, total, unit, facts,
    summary, error_type, error_message, urgency, requested_by_id
) SELECT
    (ARRAY['library.scan', 'artifacts.generate', 'library.watch'])[1 + n %% 3], {state},
    (ARRAY['disk', 'cpu'])[1 + n %% 2], 0, '{{}}', '', {parent}, {item}, {batch}, 0, '',
    0, '', at, {ended}, {ended}, {attempt}, 3, 0,
    false, '{{}}', false, 1, 'nas.1:1', 3, 100, 100, 'files', '{{"added": 3}}',
    '{{"added": 3}}', '', '', at, %(user)s
FROM (SELECT n, now() - make_interval(secs => {age}) AS at
      FROM generate_series(1, %(count)s) n) rows
"""
_MINUTES = """
INSERT INTO jobs_queueminute (queue, minute, waiting, running, succeeded, failed, cancelled)
SELECT queue, date_trunc('minute', now()) - make_interval(mins => n), 50, 2, 60, 1, 0
FROM generate_series(1, 14 * 24 * 60) n, unnest(ARRAY['disk', 'cpu', 'gpu', 'net']) queue
"""


def run(report: Report) -> None:
    """Whole requests of an administrator, warm."""
    user = User.objects.create_superuser("bench_jobs")
    _fill(user)
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    for one in measure(_pages(browser)):
        report.add(
            one.page.what, one.median_ms, "ms", most=one.page.most_ms, turns=one.all_ms,
            note=f"p95 {one.p95_ms:.0f}, {one.queries} queries, {one.sql_ms:.0f} ms of them",
        )  # fmt: skip


def _pages(browser: Client) -> list[Page]:
    jobs, api = reverse("admin:jobs_job_changelist"), "/api/v1/jobs/"
    named = {
        "the dashboard": reverse("admin:index"),
        "the board": reverse("admin:jobs_job_board"),
        "the list": jobs,
        "the list, failed": f"{jobs}?state=failed",
        "the list, waiting": f"{jobs}?state=queued",
        "the list, page 100": f"{jobs}?p=100",
        "API, 50 jobs": api,
        "API, 50 failed": f"{api}?state=failed",
        "API, 50 waiting": f"{api}?state=queued",
    }
    return [Page(f"{what}", address, browser, _MOST_MS) for what, address in named.items()]


def _fill(user: User) -> None:
    """With the triggers that tell of changes off, as nobody listens to these."""
    from apps.jobs.models import Job

    Job.objects.all().delete()
    columns = {"parent": "NULL::bigint", "item": "''", "batch": "false", "attempt": "1"}
    columns |= {"state": "CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'succeeded' END"}
    columns |= {"ended": "at", "age": "n * 7.0"}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("ALTER TABLE jobs_job DISABLE TRIGGER USER")
        said = {"user": user.pk, "count": _BATCHES}
        cursor.execute(_FILL.format(**columns | {"batch": "true"}), said)
        first = Job.objects.order_by("pk").values_list("pk", flat=True)[0]
        said["count"] = (_FINISHED - _BATCHES) // 2
        cursor.execute(_FILL.format(**columns), said)
        parts = {"parent": f"{first} + n %% {_BATCHES}", "item": "n::text"}
        cursor.execute(_FILL.format(**columns | parts), said)
        waiting = {"state": "'queued'", "ended": "NULL::timestamptz", "attempt": "0", "age": "n"}
        cursor.execute(_FILL.format(**columns | waiting), said | {"count": _WAITING})
        cursor.execute("ALTER TABLE jobs_job ENABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE jobs_queueminute; {_MINUTES}")
        cursor.execute("VACUUM ANALYZE")  # what autovacuum comes to by itself
        cursor.execute("RESET statement_timeout")
