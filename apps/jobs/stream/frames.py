"""Events as text on the wire (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from apps.jobs.services.events import Event

RETRY_MS = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listener asked for: these jobs and the children of those, or, with neither, all.

    ``only_roots`` leaves out the children of batches.
    """

    jobs: frozenset[int] = frozenset()
    parents: frozenset[int] = frozenset()
    only_roots: bool = False

    @property
    def is_all(self) -> bool:
        return not (self.jobs or self.parents or self.only_roots)

    def has(self, event: Event) -> bool:
        if self.only_roots and event.parent is not None:
            return False
        if not (self.jobs or self.parents):
            return True
        return event.job in self.jobs or event.parent in self.parents


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that follow one another, as they go out. ``before`` is where their reader stood."""

    before: int
    last: int
    events: Sequence[tuple[Event, bytes]]
    whole: bytes

    def frames(self, wanted: Wanted, *, after: int) -> bytes:
        """What a listener wants of the events after one."""
        if wanted.is_all and after <= self.before:
            return self.whole
        return b"".join(
            text for event, text in self.events if event.id > after and wanted.has(event)
        )


def batch(events: Sequence[Event], *, before: int) -> Batch:
    written = [(event, frame("job", event.id, represent(event))) for event in events]
    last = events[-1].id if events else before
    return Batch(before, last, written, b"".join(text for _, text in written))


def represent(event: Event) -> dict[str, Any]:
    """An event as JSON shows it."""
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "job": event.job,
        "kind": event.kind,
        "state": event.state,
        "version": event.version,
        "progress": {"done": event.done, "total": event.total},
        "parent": event.parent,
        "requested_by": event.requested_by,
        "queue": event.queue,
        "at": at,
    }


def frame(name: str, event_id: int, data: dict[str, Any]) -> bytes:
    """One event."""
    text = json.dumps(data, separators=(",", ":"))
    return f"id: {event_id}\nevent: {name}\ndata: {text}\n\n".encode()


def opening(place: int, *, resync: bool) -> bytes:
    """How long to wait before coming back, where the listener stands, whether it missed some."""
    missed = frame("resync", place, {}) if resync else b""
    return f"retry: {RETRY_MS}\n".encode() + frame("ready", place, {}) + missed


def beat(place: int) -> bytes:
    """A comment that keeps proxies from closing, and an event by which scripts see that it lives;
    its id lets a listener who wants little come back where all others are."""
    return b": beat\n" + frame("beat", place, {})
