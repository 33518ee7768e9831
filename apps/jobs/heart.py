"""A worker's heart: what beats beside its work."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from django.db import connection

logger = logging.getLogger(__name__)

_BEAT_S = 1.0


class Heart:
    """Beats once a second for the job at hand, in one thread, which many short jobs may share.

    Use it as a context manager. What is over within a second costs no beat. It has a connection of
    its own to the database.
    """

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._beating = threading.Lock()
        self._beat: Callable[[], None] | None = None
        self._due_at = 0.0
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._thread.join()

    @contextmanager
    def beating(self, beat: Callable[[], None]) -> Iterator[None]:
        """Call ``beat`` every second meanwhile; at the end none is under way any more."""
        with self._beating:
            self._beat, self._due_at = beat, time.monotonic() + _BEAT_S
        try:
            yield
        finally:
            with self._beating:
                self._beat = None

    def _run(self) -> None:
        try:
            while not self._ended.wait(self._pause_s()):
                with self._beating:
                    if self._beat is not None and time.monotonic() >= self._due_at:
                        self._call(self._beat)
        finally:
            connection.close()

    def _pause_s(self) -> float:
        """Never more than a second: so the next job, too, has its first beat in time."""
        with self._beating:
            left_s = self._due_at - time.monotonic() if self._beat is not None else _BEAT_S
        return min(_BEAT_S, max(0.0, left_s))

    def _call(self, beat: Callable[[], None]) -> None:
        try:
            beat()
        except Exception:  # the next beat, and the next job, still need the heart
            logger.exception("a heartbeat failed")
        self._due_at = time.monotonic() + _BEAT_S
