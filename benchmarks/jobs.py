"""The jobs: how many a second and how promptly against two peers, a hundred thousand at once, the
pages with a million finished ones, and a thousand jobs whose workers are killed.
"""

import time

from benchmarks import jobs_kills, jobs_pages, jobs_rates
from benchmarks.report import Report

_MANY = 100_000
_MANY_S = 20.0


def run(report: Report) -> None:
    """All of it, on one PostgreSQL."""
    jobs_rates.run(report)
    _many(report)
    jobs_kills.run(report)
    jobs_pages.run(report)


def _many(report: Report) -> None:
    """A batch, in one transaction; nobody works meanwhile."""
    from apps.jobs.services.lifecycle import Item, start_batch
    from tests.rigs.work import tasks

    began = time.perf_counter()
    batch = start_batch(tasks.nothing, (Item(str(number)) for number in range(_MANY)))
    seconds = time.perf_counter() - began
    report.add(f"{_MANY:,} jobs enqueued as a batch", seconds, "s", most=_MANY_S)
    report.check("all of them are there", holds=batch.children.count() == _MANY)
