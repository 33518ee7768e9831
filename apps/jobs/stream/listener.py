"""One listener: reads on from its place, hears that nothing happens, and is let in again and again.

Each stream has a thread of its own (Django's ASGI handler keeps it for the request), in which it
may ask the database. Every call there gives the connection back: there are fewer of them than
listeners.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import Error, connection

from apps.jobs.services import events
from apps.jobs.stream.frames import Batch, Wanted, batch, beat, opening
from apps.jobs.stream.hub import Hub

T = TypeVar("T")
_BEAT_S = 15.0
_CHECK_S = 60.0
_AGAIN_S = 1.0
_MOST_EVENTS = 1_000
_hub: Hub | None = None


async def stream(
    *, since: int | None, wanted: Wanted, may_stay: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """Server-sent events from now on, or all those after ``since``, until the server stops.

    ``may_stay`` is asked each minute, in a thread; when it denies, the stream ends. A ``since``
    whose successors are no longer kept is answered with ``resync``.
    """
    hub = _current_hub()
    with hub.joined():
        listener = _Listener(hub, wanted)
        place, is_gap = await listener.ask(partial(_find_place, since))
        yield opening(place, resync=is_gap)
        now = hub.loop.time
        beat_at, check_at = now() + _BEAT_S, now() + _CHECK_S
        while not hub.ended:
            news = hub.news
            batches = await listener.read(place)
            text = b"".join(one.frames(wanted, after=place) for one in batches)
            place = batches[-1].last if batches else place
            if now() >= beat_at:
                text += beat(place)
            if text:
                yield text
                beat_at = now() + _BEAT_S
            if now() >= check_at:
                if not await listener.ask(may_stay):
                    return
                check_at = now() + _CHECK_S
            if not batches:
                await _wait(news, min(beat_at, check_at) - now())


def read_once(*, since: int | None, wanted: Wanted) -> bytes:
    """What ``stream`` would begin with, for servers that can't keep a stream open (WSGI): browsers
    come back for the rest."""
    place, is_gap = _find_place(since)
    one = batch(events.after(place, limit=_MOST_EVENTS), before=place)
    return opening(place, resync=is_gap) + one.frames(wanted, after=place)


class _Listener:
    def __init__(self, hub: Hub, wanted: Wanted) -> None:
        self._hub = hub
        self._wanted = wanted

    async def read(self, place: int) -> list[Batch]:
        """What comes after a place, from the hub or else from the database."""
        held = self._hub.after(place)
        if held is not None:
            return list(held)
        found = await self.ask(partial(events.after, place, limit=_MOST_EVENTS))
        return [batch(found, before=place)] if found else []

    async def ask(self, question: Callable[[], T]) -> T:
        """Answer it in this request's thread. A database that is away is waited for."""
        while True:
            try:
                return await sync_to_async(_and_hang_up)(question)
            except Error:
                if self._hub.ended:
                    raise
                await asyncio.sleep(_AGAIN_S)


def _and_hang_up(question: Callable[[], T]) -> T:
    try:
        return question()
    finally:
        connection.close()


def _find_place(since: int | None) -> tuple[int, bool]:
    """Where a listener stands who has seen ``since``, and whether there is a gap behind it."""
    events.put_in_order()
    if since is None:
        return events.newest(), False
    if events.are_kept_after(since):
        return since, False
    return events.newest(), True


async def _wait(news: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await news.wait()
    except TimeoutError:
        return


def _current_hub() -> Hub:
    """The hub of this event loop; a server has one in each process."""
    global _hub  # noqa: PLW0603
    loop = asyncio.get_running_loop()
    if _hub is None or _hub.loop is not loop:
        _hub = Hub(loop)
    return _hub
