"""Who is acting: the user, request or job on whose behalf rows are written now.

The edges (middleware, job runner, commands) enter ``acting``; the audit reads ``current``, the logs
``log_fields``. A new thread knows nothing of either, unless it runs in a copy of the context.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """``user_id`` and ``job_id`` may both be set: a job that a person asked for."""

    user_id: int | None = None
    job_id: int | None = None
    request_id: str = ""


_NOBODY = Actor()
_actor: ContextVar[Actor] = ContextVar("actor", default=_NOBODY)
_logged: ContextVar[Mapping[str, object] | None] = ContextVar("logged", default=None)


def current() -> Actor:
    return _actor.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def assume(actor: Actor) -> None:
    """Become ``actor`` until the surrounding ``acting`` ends: for edges that learn it late."""
    _actor.set(actor)


@contextmanager
def logged(**fields: object) -> Iterator[None]:
    """Every log line written inside says these, too: ``logged(scan_id=3)``."""
    token = _logged.set({**(_logged.get() or {}), **fields})
    try:
        yield
    finally:
        _logged.reset(token)


def log_fields() -> dict[str, object]:
    """What log lines say beside their message: who acts, and what is being worked on."""
    actor = _actor.get()
    known = {
        "request_id": actor.request_id, "user_id": actor.user_id, "job_id": actor.job_id,
    }  # fmt: skip
    return {name: value for name, value in known.items() if value} | dict(_logged.get() or {})
