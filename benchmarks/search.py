"""Searching a million videos: forty queries, facets and completion, by the API and by hand."""

import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks.report import Report
from benchmarks.requests import Page, ask, measure
from benchmarks.search_questions import COMPLETIONS, FACETS, ORDERS, QUERIES, RARE, Query

_API = "/api/v1/videos/"
_PAGE_MS, _COLD_MS, _CACHED_MS, _COMPLETION_MS = 60.0, 300.0, 10.0, 30.0
_TURNS = 12
_CONTAINING = """
    SELECT id FROM {table} WHERE haystack LIKE %s ORDER BY video_count DESC, id LIMIT 500
"""
_FAMILY = """
    WITH RECURSIVE family(id) AS (
        SELECT %s::bigint UNION
        SELECT child_id FROM library_tagparent link JOIN family ON family.id = link.parent_id
    ) SELECT id FROM family
"""


def run(report: Report) -> None:
    """All of it; ``MEDIAHUB_BENCH_VIDEOS`` makes a smaller catalogue."""
    from benchmarks.filling import use_catalogue
    from benchmarks.search_seeding import seed

    use_catalogue()
    searcher = _Searcher()
    seed(searcher.user)
    _queries(report, searcher)
    _deep(report, searcher)
    _completions(report, searcher)
    _facets(report, searcher)


class _Searcher:
    """A program with an administrator's token."""

    def __init__(self) -> None:
        from apps.accounts.choices import Scope
        from apps.accounts.services.tokens import create_token

        self.user, _ = User.objects.get_or_create(
            username="bench", defaults={"is_staff": True, "is_superuser": True}
        )
        _token, secret = create_token(self.user, scope=Scope.READ, name=f"{timezone.now()}")
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client(SERVER_NAME="localhost")

    def page(self, what: str, most_ms: float | None, path: str = "", **query: Any) -> Page:
        return Page(what, f"{_API}{path}?{urlencode(query)}", self.client, most_ms, self.headers)


def _queries(report: Report, searcher: _Searcher) -> None:
    pages = [
        searcher.page(one.what, None, q=one.text, ordering=one.ordering) for one in QUERIES
    ]  # fmt: skip
    all_ms: list[float] = []
    for one, measured in zip(QUERIES, measure(pages), strict=True):
        all_ms += measured.all_ms
        ids, hand_ms = _by_hand(one, searcher)
        rows = [row["id"] for row in measured.answer.json()["results"]]
        work_ms = _work_ms(lambda page=measured.page: ask(page))
        note = (
            f"p95 {measured.p95_ms:.1f}, {work_ms:.1f} ms of processors; "
            f"{measured.queries} statements in {measured.sql_ms:.1f} ms; by hand {hand_ms:.1f} ms"
        )
        peer = f"; {one.peer}" if one.peer else ""
        report.add(one.what, measured.median_ms, "ms", turns=measured.all_ms, note=note + peer)
        report.check(f"{one.what}: the rows found by hand", holds=rows == ids[:50],
                     note=f"{one.text!r}, {len(rows)} rows")  # fmt: skip
        took, sql, parameters = measured.slowest
        report.details[one.what] = f"{took:.1f} ms: {sql} {parameters}"
    load = os.getloadavg()[0]
    note = f"{len(QUERIES)} queries, {len(all_ms)} first pages, load {load:.1f} on {os.cpu_count()}"
    report.add("all queries: p95 of a first page", float(np.percentile(all_ms, 95)), "ms",
               most=_PAGE_MS, note=note)  # fmt: skip
    report.add("all queries: median of a first page", statistics.median(all_ms), "ms")


def _deep(report: Report, searcher: _Searcher) -> None:
    """The last of a hundred pages, one after the other by their cursors."""
    for what, text in (("a very common tag", 'tag:"Tag ban 0"'), ("a word", RARE)):
        page = searcher.page(f"the last of 100 pages: {what}", _PAGE_MS, q=text)
        for _ in range(99):
            address = ask(page).json()["next"]
            if address is None:
                break
            page.address = address
        for measured in measure([page]):
            note = f"p95 {measured.p95_ms:.1f}"
            report.add(page.what, measured.median_ms, "ms", most=_PAGE_MS, note=note)


def _completions(report: Report, searcher: _Searcher) -> None:
    pages = [
        searcher.page(f"completion: {what}", _COMPLETION_MS, "complete/", q=text, at=len(text))
        for what, text in COMPLETIONS
    ]
    for measured in measure(pages):
        work_ms = _work_ms(lambda page=measured.page: ask(page))
        note = f"p95 {measured.p95_ms:.1f}, {work_ms:.1f} ms of processors"
        report.add(measured.page.what, measured.median_ms, "ms", most=_COMPLETION_MS, note=note)


def _facets(report: Report, searcher: _Searcher) -> None:
    for what, text in FACETS:
        page = searcher.page(f"facets {what}", _COLD_MS, "facets/", q=text)
        ask(page)
        cold = []
        for _ in range(5):
            cache.clear()
            began = time.perf_counter()
            ask(page)
            cold.append(1_000 * (time.perf_counter() - began))

        def forgetting(page: Page = page) -> None:
            cache.clear()
            ask(page)

        note = f"{_work_ms(forgetting):.0f} ms of processors"
        median = statistics.median(cold)
        report.add(f"{page.what}, cold", median, "ms", most=_COLD_MS, turns=cold, note=note)
        ask(page)
        for measured in measure([page]):
            note = f"p95 {measured.p95_ms:.1f}"
            report.add(f"{page.what}, cached", measured.median_ms, "ms", most=_CACHED_MS, note=note)


def _by_hand(query: Query, searcher: _Searcher) -> tuple[list[int], float]:
    """The ids of the page by a statement written by hand, and its median time: labels are asked of
    each video or looked up first, whichever PostgreSQL expects to be faster."""
    each = _filled(query.by_hand, searcher)
    conditions = (each, _labels_first(each))
    statements = [
        f"SELECT v.* FROM library_video v WHERE {one} ORDER BY {ORDERS[query.ordering]} LIMIT 51"
        for one in conditions
    ]
    return _timed(min(statements, key=_cost))


def _cost(statement: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", [])
        return float(cursor.fetchone()[0][0]["Plan"]["Total Cost"])


def _labels_first(condition: str) -> str:
    filed = "SELECT video_id FROM library_videolabels WHERE"
    words = re.sub(
        r"\((haystack LIKE '[^']*') OR (tag_ids && [^()]* OR studio_id = ANY\('[^']*'\))\)",
        rf"id IN (SELECT id FROM library_video WHERE \1 UNION ALL {filed} \2)",
        condition,
    )
    return (
        words
        if words != condition
        else re.sub(r"(tag_ids|performer_ids) && '[^']*'", rf"id IN ({filed} \g<0>)", condition)
    )


def _timed(statement: str) -> tuple[list[int], float]:
    times: list[float] = []
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for _ in range(_TURNS):
            began = time.perf_counter()
            cursor.execute(statement, [])
            rows = cursor.fetchall()
            times.append(1_000 * (time.perf_counter() - began))
    return [row[0] for row in rows], statistics.median(times[2:])


def _filled(condition: str, searcher: _Searcher) -> str:
    """With ids where a person would have looked them up."""
    found = re.sub(r"\{(tag|word|start):([^}]*)\}", lambda m: _HAND[m[1]](m[2]), condition)
    found = found.replace("{user}", str(searcher.user.pk))
    return found.replace("{{", "{").replace("}}", "}")


def _tag(number: str) -> str:
    return f"tag_ids && '{_ids(_FAMILY, int(number))}'"


def _word(text: str, before: str = "") -> str:
    pattern = f"%{before}{text}%"
    tags, people, studios = (
        _ids(_CONTAINING.format(table=f"library_{name}"), pattern)
        for name in ("tag", "performer", "studio")
    )
    return (
        f"(haystack LIKE '{pattern.replace('%', '%%')}' OR tag_ids && '{tags}' "
        f"OR performer_ids && '{people}' OR studio_id = ANY('{studios}'))"
    )


_HAND: dict[str, Callable[[str], str]] = {
    "tag": _tag, "word": _word, "start": lambda text: _word(text, " "),
}  # fmt: skip


def _ids(statement: str, parameter: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement, [parameter])
        return "{{" + ",".join(str(pk) for (pk,) in cursor.fetchall()) + "}}"


def _work_ms(deed: Callable[[], Any], turns: int = 9) -> float:
    """Processor time of this process and its server process, which other work doesn't lengthen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    spent = []
    for _ in range(turns):
        before = _spent_ns(pid)
        deed()
        spent.append((_spent_ns(pid) - before) / 1e6)
    return statistics.median(spent)


def _spent_ns(pid: int) -> int:
    return time.process_time_ns() + int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
