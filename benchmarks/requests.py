"""Asking the web pages and the API as a browser or a program would, and timing the answers.

Django's test client goes through the whole of what the server does (middleware, authentication,
view, database, templates, JSON), but for the sockets.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from django.test import Client

_WARM_UPS = 3
_TIMES = 24

Answer = Any


@dataclass(slots=True)
class Page:
    """A request by its address, who asks, and what its median may cost."""

    what: str
    address: str
    client: Client
    most_ms: float | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of each request, of the database in them, queries, and the last answer."""

    page: Page
    all_ms: list[float]
    sql_ms: float
    queries: int
    answer: Answer
    slowest: tuple[float, str, Any]

    @property
    def median_ms(self) -> float:
        return float(np.median(self.all_ms))

    @property
    def p95_ms(self) -> float:
        return float(np.percentile(self.all_ms, 95))


def measure(pages: list[Page]) -> list[Measured]:
    """Ask for the pages by turns. Raises RuntimeError for an answer that isn't 200."""
    for page in pages:
        for _ in range(_WARM_UPS):
            ask(page)
    times: list[list[float]] = [[] for _ in pages]
    for _ in range(_TIMES):
        for page, taken in zip(pages, times, strict=True):
            began = time.perf_counter()
            ask(page)
            taken.append(1_000 * (time.perf_counter() - began))
    return [_examined(page, taken) for page, taken in zip(pages, times, strict=True)]


def ask(page: Page) -> Answer:
    """One request."""
    answer = page.client.get(page.address, headers=dict(page.headers))
    if answer.status_code != 200:
        raise RuntimeError(f"{page.address}: {answer.status_code} {answer.content[:500]!r}")
    return answer


class Queries:
    """Counts and times what is executed; for ``connection.execute_wrapper``."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, str, Any]] = []

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seen.append((1_000 * (time.perf_counter() - began), sql, params))


def _examined(page: Page, taken: list[float]) -> Measured:
    queries = Queries()
    with connection.execute_wrapper(queries):
        answer = ask(page)
    spent = [one[0] for one in queries.seen]
    slowest = max(queries.seen, key=lambda one: one[0])
    return Measured(page, taken, sum(spent), len(spent), answer, slowest)
