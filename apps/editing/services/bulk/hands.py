"""An edit by one hand or by two: of very many videos half are written by a connection of its own.

PostgreSQL works by one processor for each connection, and to give a video a new version, with an
entry in each of twenty indexes, takes a tenth of a millisecond. Both hands plan and write, each in
a transaction, and only when both are done, and all is checked that a commit checks, the first one
commits and right after it the other: what fails, fails for both. Only a kill between the two
commits leaves half of an edit, and who is called again with its entry (``but``) does the rest.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from django.db import Error, OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from apps.core.models import AuditEntry
from apps.core.progress import Guard, Progress
from apps.editing.services.bulk.fields import Field
from apps.editing.services.bulk.plan import Plan
from apps.editing.services.bulk.selection import give_half, leave_out, lock_chosen, take
from apps.editing.services.bulk.write import (
    Counts,
    add_to_entry,
    all_or_nothing,
    begin_entry,
    count,
    write,
)

LARGE = 20_000  # videos: for fewer another connection isn't worth its while
# Somebody may wait for what one hand holds and hold what the other waits for: the database can't
# know that the first one waits for the other.
_PATIENCE = "SET LOCAL lock_timeout = '10s'"
_PATIENT = "SET LOCAL lock_timeout = 0"
_LOOK_EVERY_S = 0.5
_CHECKED = """
SELECT 'SET CONSTRAINTS ' || string_agg(quote_ident(conname), ', ') || ' IMMEDIATE'
FROM pg_constraint
WHERE contype = 'f' AND condeferrable AND conrelid = ANY (ARRAY[
    'library_video', 'library_videotag', 'library_videoperformer']::regclass[])
"""

Seen = TypeVar("Seen")
Done = TypeVar("Done")
Answer_co = TypeVar("Answer_co", covariant=True)


class HandsTied(Exception):
    """Others hold videos for long, perhaps until this edit ends. Nothing was changed."""


class HalfDone(Exception):
    """The first hand has committed, the other couldn't: half of the entry's edit is lacking."""

    def __init__(self, entry: AuditEntry) -> None:
        super().__init__(f"Half of the edit {entry.pk} is lacking.")
        self.entry = entry


@dataclass(slots=True)
class Hand(Generic[Seen]):
    """The videos of an edit that are chosen in this thread's connection: held and planned, written,
    and counted, in the transaction that it has. ``look`` says what is to be known of a plan."""

    planned: Callable[[], AbstractContextManager[Plan]]
    look: Callable[[Plan], Seen]
    but: AuditEntry | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    _plan: Plan = field(default_factory=lambda: Plan([], 0))
    _counts: Counts = field(default_factory=dict)

    @property
    def fields(self) -> list[Field]:
        return self._plan.fields

    @property
    def count(self) -> int:
        """How many videos will change."""
        return self._plan.count

    def plan(self) -> Seen:
        lock_chosen()
        if self.but:
            leave_out(self.but)
        self._plan = self._stack.enter_context(self.planned())
        return self.look(self._plan)

    def write(self, entry: AuditEntry, report: Progress) -> None:
        self._counts = write(self._plan, entry.pk, report=report)

    def end(self) -> None:
        count(self._plan, self._counts)
        self._stack.close()


@contextmanager
def hands(
    choose: Callable[[], AbstractContextManager[int]],
    make: Callable[[], Hand[Seen]],
    *,
    guard: Guard,
    shared: bool,
) -> Iterator["Hands[Seen]"]:
    """Who edits the chosen videos, all or none: ``shared`` by two if they are many.

    Raises what choosing them does, and HandsTied or HalfDone where it is shared.
    """
    shared = shared and not connection.in_atomic_block
    with (
        _untied(shared=shared),
        ExitStack() as later,
        all_or_nothing(guard),
        choose() as matched,
    ):
        team = Hands(matched, make())
        if shared and matched >= LARGE:
            team.other = later.enter_context(_other_hand(make()))
        yield team
        team.first.end()


@contextmanager
def _untied(*, shared: bool) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if shared and isinstance(error.__cause__, LockNotAvailable):
            raise HandsTied from error
        raise


class Edit(Protocol[Answer_co]):
    def __call__(self, *, shared: bool, but: AuditEntry | None) -> Answer_co: ...


def in_turn(edit: Edit[Done], *, shared: bool, but: AuditEntry | None) -> Done:
    """An edit by two hands; by one where they are tied, or one has done its half."""
    try:
        return edit(shared=shared and but is None, but=but)
    except HandsTied:
        return edit(shared=False, but=None)
    except HalfDone as half:
        return edit(shared=False, but=half.entry)


@dataclass(slots=True)
class Hands(Generic[Seen]):
    """One or two; ``matched`` videos were chosen."""

    matched: int
    first: Hand[Seen]
    other: "_OtherHand[Seen] | None" = None

    def plan(self) -> list[Seen]:
        """What each sees of the videos that it holds by now."""
        if self.other is None:
            return [self.first.plan()]
        theirs = self.other.start(self.other.hand.plan)
        return [self.first.plan(), theirs.result()]

    def write(self, summary: Mapping[str, list[Any]], *, report: Progress) -> AuditEntry:
        """All but the counts, which come at the very end. ``report`` counts videos."""
        first, other = self.first, self.other
        count = first.count + (other.hand.count if other else 0)
        if first.but:
            entry = add_to_entry(first.but, count=count)
        else:
            entry = begin_entry(first.fields, summary, count=count)
        if other:
            self._write_both(entry, other, report)
        else:
            first.write(entry, report)
        return entry

    def _write_both(self, entry: AuditEntry, other: "_OtherHand[Seen]", report: Progress) -> None:
        def told(done: int, _total: int | None = None, /, **facts: object) -> None:
            report(done + other.written, entry.row_count, **facts)

        theirs = other.start(partial(other.write, entry))
        self.first.write(entry, told)
        check()
        while wait([theirs], _LOOK_EVERY_S).not_done:
            told(self.first.count)
        theirs.result()


@contextmanager
def _other_hand(hand: Hand[Seen]) -> Iterator["_OtherHand[Seen]"]:
    """Half of the chosen videos, whose edit is committed when this ends without an error."""
    with connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
    with ThreadPoolExecutor(1, "other-hand") as thread:
        other = _OtherHand(hand, thread)
        try:
            other.start(partial(other.begin, give_half())).result()
            yield other
            try:
                other.start(other.commit).result()
            except Error as error:
                if other.entry is None:
                    raise
                raise HalfDone(other.entry) from error
        finally:
            other.dropped.set()
            other.start(other.drop).result()


@dataclass(slots=True)
class _OtherHand(Generic[Seen]):
    """In a thread of its own, which has a connection of its own, and a transaction in it."""

    hand: Hand[Seen]
    _thread: ThreadPoolExecutor
    written: int = 0
    entry: AuditEntry | None = None
    dropped: threading.Event = field(default_factory=threading.Event)
    _transaction: ExitStack = field(default_factory=ExitStack)

    def start(self, work: Callable[[], Done]) -> Future[Done]:
        context = copy_context()
        return self._thread.submit(lambda: context.run(work))

    def begin(self, ids: bytes) -> None:
        self._transaction.callback(connection.close)
        self._transaction.enter_context(transaction.atomic())
        with connection.cursor() as cursor:
            cursor.execute(_PATIENCE)
        take(ids)

    def write(self, entry: AuditEntry) -> None:
        self.entry = entry
        self.hand.write(entry, self._told)
        check()

    def commit(self) -> None:
        with self._transaction, connection.cursor() as cursor:
            cursor.execute(_PATIENT)
            self.hand.end()

    def drop(self) -> None:
        with self._transaction:
            if connection.in_atomic_block:
                transaction.set_rollback(True)

    def _told(self, done: int, _total: int | None = None, /, **_facts: object) -> None:
        if self.dropped.is_set():
            raise InterruptedError
        self.written = done


def check() -> None:
    """What a commit would check of the videos and their links. The audit's rows are left: their
    entry is committed first."""
    with connection.cursor() as cursor:
        cursor.execute(_CHECKED)
        cursor.execute(*cursor.fetchone())
