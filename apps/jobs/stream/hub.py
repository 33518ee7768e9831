"""The one reader of job events in a process: a thread, for as long as somebody listens."""

import asyncio
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psycopg
from django.db import Error, connection

from apps.jobs.models import EVENT_CHANNEL, JOB_CHANNEL
from apps.jobs.services import events
from apps.jobs.stream.frames import Batch, batch

logger = logging.getLogger(__name__)

_POLL_S = 0.2  # changes of jobs don't notify (docs/events.md); new jobs and other processes do
_GATHER_S = 0.05  # least time between two readings: a thousand notices a second cost 20
_LINGER_S = 10.0  # people go from page to page
_AWAY_S = 1.0
_MOST_EVENTS = 1_000  # in a batch
_BATCHES = 20


class Hub:
    """Holds the latest events for the listeners of one event loop, in which all but the thread's
    own methods are called."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.ended = False  # the server is about to stop
        self.news = asyncio.Event()  # of now: whoever waits for news waits for this one
        self._batches: deque[Batch] = deque(maxlen=_BATCHES)
        self._place: int | None = None
        self._listeners = 0
        self._left_at = 0.0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        _call_before_server_ends(self._end, loop)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """While this is entered, there is somebody to read for."""
        with self._lock:
            self._listeners += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="events", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._listeners -= 1
                self._left_at = time.monotonic()

    def after(self, event_id: int) -> Sequence[Batch] | None:
        """The latest batches that reach beyond an event; nothing at all if some are gone."""
        oldest = self._batches[0].before if self._batches else self._place
        if oldest is None or event_id < oldest:
            return None
        return [one for one in self._batches if one.last > event_id]

    def _end(self) -> None:
        self.ended = True
        self.news.set()

    def _publish(self, one: Batch) -> None:
        if one.events:
            self._batches.append(one)
        else:
            self._batches.clear()
        self._place = one.last
        self.news.set()
        self.news = asyncio.Event()

    # ── in the thread ─────────────────────────────────────────────────────────────────────────────

    def _follow(self) -> None:
        place: int | None = None
        while self._is_needed():
            place = self._try_to_read(place)
        _hang_up()

    def _is_needed(self) -> bool:
        with self._lock:
            lingers = time.monotonic() - self._left_at < _LINGER_S
            over = self.ended or self.loop.is_closed()
            if not over and (self._listeners or lingers):
                return True
            self._thread = None
            return False

    def _try_to_read(self, place: int | None) -> int | None:
        """A database that is away is waited for, and read on from the same place.

        After an error that nobody foresaw, from the newest event: listeners read the others.
        """
        try:
            return self._read(place)
        except (Error, psycopg.Error) as error:
            logger.warning("job events: %s", error)
        except Exception:
            logger.exception("job events")
            place = None
        _hang_up()
        time.sleep(_AWAY_S)
        return place

    def _read(self, place: int | None) -> int:
        began = time.monotonic()
        _listen()
        events.put_in_order()
        if place is None:
            return self._tell(batch([], before=events.newest()))
        found = events.after(place, limit=_MOST_EVENTS)
        if found:
            place = self._tell(batch(found, before=place))
        if len(found) < _MOST_EVENTS:
            _await_notice()
        time.sleep(max(0.0, began + _GATHER_S - time.monotonic()))
        return place

    def _tell(self, one: Batch) -> int:
        self.loop.call_soon_threadsafe(self._publish, one)
        return one.last


def _listen() -> None:
    if connection.connection is None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {EVENT_CHANNEL}; LISTEN {JOB_CHANNEL}")


def _await_notice() -> None:
    for _notice in connection.connection.notifies(timeout=_POLL_S, stop_after=1):
        return


def _hang_up() -> None:
    """Close for good: nobody who draws this connection from the pool shall hear our notices."""
    if connection.connection is not None:
        connection.connection.close()
    connection.close()


def _call_before_server_ends(deed: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
    """uvicorn waits for open streams without telling them: hear its signals, too."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if not callable(before):
            continue

        def handle(
            number: int, frame: FrameType | None, *, before: Callable[..., Any] = before
        ) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(deed)
            before(number, frame)

        signal.signal(number, handle)
