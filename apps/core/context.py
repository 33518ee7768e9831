"""Who is acting: the user, request or job on whose behalf rows are written now.

The edges (middleware, job runner, commands) enter ``acting``; the audit reads ``current``.
"""

from collections.abc import Iterator
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
