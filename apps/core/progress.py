"""How long work tells how far it is, and learns that it should stop."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

# opens a transaction in which what is written may be kept; a job's ends the work if it is lost
Guard = Callable[[], AbstractContextManager[Any]]


class Progress(Protocol):
    """Called often by long work; may raise to end it (see ``JobCancelled``)."""

    def __call__(self, done: int, total: int | None = None, /, **facts: object) -> None:
        """``done`` of ``total`` units (``None``: not known yet); ``facts`` are shown beside it."""


def silent(_done: int, _total: int | None = None, /, **_facts: object) -> None:
    """A Progress that nobody watches."""
