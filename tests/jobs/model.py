"""What jobs should do, in plain Python: the model that the real services are compared with."""

from collections.abc import Iterable
from dataclasses import dataclass, field

QUEUED, RUNNING, PAUSED, CANCELLING = "queued", "running", "paused", "cancelling"
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
ACTIVE, WAITING = {QUEUED, RUNNING, PAUSED, CANCELLING}, {QUEUED, PAUSED}
FINISHED, UNSUCCESSFUL = {SUCCEEDED, FAILED, CANCELLED}, {FAILED, CANCELLED}
ATTEMPTS = CRASHES = 3


@dataclass(slots=True)
class Expected:
    """A job as it should be. ``holder`` is who has its lease."""

    id: int
    kind: str
    state: str = QUEUED
    key: str = ""
    lane: str = ""
    lane_limit: int = 0
    needs: frozenset[int] = frozenset()
    parent: int | None = None
    item: str = ""
    waits: int = 0
    holder: str = ""
    is_batch: bool = False
    is_delayed: bool = False
    is_hurried: bool = False
    pause_requested: bool = False
    attempt: int = 0
    crashes: int = 0
    quarantined: bool = False
    error: str = ""
    sums: dict[str, int] = field(default_factory=dict)


class Model:
    """All jobs, and what is held (a queue's or a kind's name)."""

    def __init__(self) -> None:
        self.jobs: dict[int, Expected] = {}
        self.holds: set[str] = set()

    # Questions

    def children(self, parent: int) -> list[Expected]:
        return [job for job in self.jobs.values() if job.parent == parent]

    def twin(self, key: str) -> Expected | None:
        found = (job for job in self.jobs.values() if key and job.key == key)
        return next((job for job in found if job.state in ACTIVE), None)

    def may_start(self, queue: str) -> list[Expected]:
        """What a worker may be given now."""
        busy = [job.lane for job in self.jobs.values() if job.holder]
        return [
            job
            for job in self.jobs.values()
            if job.state == QUEUED
            and not job.waits
            and not job.is_delayed
            and not self.holds & {queue, job.kind}
            and (not job.lane or busy.count(job.lane) < job.lane_limit)
        ]

    def open_batches(self) -> list[Expected]:
        return [j for j in self.jobs.values() if j.is_batch and j.state in ACTIVE and not j.holder]

    # What workers do

    def start(self, job: Expected, holder: str) -> None:
        job.state, job.holder, job.pause_requested = RUNNING, holder, False
        job.attempt += 1

    def end(self, job: Expected, state: str, *, error: str = "") -> None:
        self.end_all([job], state, error=error)

    def end_all(self, jobs: list[Expected], state: str, *, error: str = "") -> None:
        """Those that need them are told; the children of those that didn't succeed end, too."""
        for job in jobs:
            job.state, job.holder, job.pause_requested = state, "", False
            job.error = error or job.error
        ended = {job.id for job in jobs}
        every = self.jobs.values()
        if state == SUCCEEDED or not jobs:
            for other in every:
                if other.state in WAITING:
                    other.waits = max(0, other.waits - len(other.needs & ended))
            return
        needing = [other for other in every if other.needs & ended and other.state in WAITING]
        self.end_all(needing, FAILED, error="needs_failed")
        children = [child for child in every if child.parent in ended]
        for child in children:
            if child.state == RUNNING:
                child.state = CANCELLING
        self.end_all([child for child in children if child.state in WAITING], CANCELLED)

    def back(self, job: Expected, *, later: bool, counts: bool = True) -> None:
        """Its worker is done with it, the work isn't."""
        if job.state == CANCELLING:
            self.end(job, CANCELLED)
            return
        job.state = PAUSED if job.pause_requested else QUEUED
        job.holder, job.pause_requested = "", False
        job.is_delayed = job.is_delayed or later
        job.attempt -= not counts

    def put_back(self, job: Expected, *, later: bool, counts: bool = True) -> None:
        """By its worker: if it is to be held, what its work has made so far is held with it."""
        self.back(job, later=later, counts=counts)
        if job.state == PAUSED:
            self.pause([job])

    def paused(self, job: Expected) -> None:
        job.pause_requested = True
        self.put_back(job, later=False, counts=False)

    def passing_failure(self, job: Expected, error: str) -> None:
        if job.attempt < ATTEMPTS:
            self.put_back(job, later=True)
        else:
            self.end(job, FAILED, error=error)

    def split(self, job: Expected) -> None:
        """Its work has made children, and is over."""
        if job.state == CANCELLING:
            self.end(job, CANCELLED)
            return
        job.is_batch, job.holder = True, ""
        if job.pause_requested:
            job.pause_requested = False
            self.pause([job])

    def lost(self, job: Expected, *, died: bool) -> None:
        """Its worker died, or wasn't heard of, which is no crash."""
        job.crashes += died
        if job.state == CANCELLING:
            self.end(job, CANCELLED)
        elif (died and job.crashes >= CRASHES) or job.attempt >= ATTEMPTS:
            job.quarantined = died and job.crashes >= CRASHES
            self.end(job, FAILED, error="worker_died")
        else:
            self.back(job, later=True)

    def roll_up(self) -> list[Expected]:
        """The batches that end."""
        over = [
            batch
            for batch in self.open_batches()
            if all(child.state in FINISHED for child in self.children(batch.id))
        ]
        for batch in over:
            states = {child.state for child in self.children(batch.id)}
            if batch.state == CANCELLING:
                self.end(batch, CANCELLED)
            elif FAILED in states and SUCCEEDED not in states:
                self.end(batch, FAILED, error="all_failed")
            else:
                self.end(batch, SUCCEEDED)
        return over

    # What people do

    def cancel(self, jobs: Iterable[Expected]) -> None:
        chosen = self._with_children(jobs)
        waiting = [job for job in chosen if job.state in WAITING and not job.is_batch]
        for job in chosen:
            if job.state == RUNNING or (job.state == PAUSED and job.is_batch):
                job.state, job.pause_requested = CANCELLING, False
        self.end_all(waiting, CANCELLED)

    def pause(self, jobs: Iterable[Expected]) -> None:
        for job in self._with_children(jobs):
            if job.state == QUEUED or (job.state == RUNNING and job.is_batch):
                job.state = PAUSED
            elif job.state == RUNNING:
                job.pause_requested = True

    def resume(self, jobs: Iterable[Expected]) -> None:
        for job in self._with_children(jobs):
            job.pause_requested = False
            if job.state == PAUSED:
                job.state = RUNNING if job.is_batch else QUEUED
                job.is_delayed = False

    def hurry(self, jobs: Iterable[Expected]) -> None:
        for job in self._with_children(jobs):
            if job.state in ACTIVE and not job.is_hurried:
                job.is_hurried, job.is_delayed = True, False

    def retry(self, jobs: Iterable[Expected]) -> None:
        """What can't go on since something that it needs failed, and isn't retried, stays."""
        wanted = {job.id for job in jobs if job.state in FINISHED and not job.is_batch}
        again: set[int] = set()
        found = self._able(self._one_of_a_key(wanted))
        while found:
            again |= found
            keys = {self.jobs[number].key for number in again} - {""}
            wanting = {
                job.id
                for job in self.jobs.values()
                if job.needs & found and (job.state, job.error) == (FAILED, "needs_failed")
                if job.key not in keys and not job.is_batch
            }
            found = self._able(again | self._one_of_a_key(wanting)) - again
        for number in list(again):
            again |= {c.id for c in self.children(number) if c.state in UNSUCCESSFUL}
        for number in again:
            job = self.jobs[number]
            job.state, job.is_delayed, job.pause_requested = QUEUED, False, False
            job.attempt = job.crashes = 0
            job.quarantined, job.error, job.sums = False, "", {}
        again |= self._reopen(again)
        for job in self.jobs.values():  # what has begun doesn't wait again
            if (job.id in again or job.needs & again) and job.state in WAITING:
                self.count_waits(job)

    def count_waits(self, job: Expected) -> None:
        job.waits = sum(self.jobs[need].state != SUCCEEDED for need in job.needs)

    def _reopen(self, ids: set[int]) -> set[int]:
        """Batches that had ended, of which a part runs again."""
        parents = {p for number in ids if (p := self.jobs[number].parent) is not None}
        ended = {
            number
            for number in parents
            if self.jobs[number].is_batch and self.jobs[number].state in FINISHED
        }
        reopened = self._one_of_a_key(ended)
        for number in reopened:
            self.jobs[number].state, self.jobs[number].error = RUNNING, ""
        return reopened

    def _one_of_a_key(self, ids: set[int]) -> set[int]:
        """Without those whose work another does by now; the newest of those that do the same."""
        newest = {self.jobs[number].key: number for number in sorted(ids)}
        return {
            number
            for number in ids
            if not (key := self.jobs[number].key) or (newest[key] == number and not self.twin(key))
        }

    def _able(self, ids: set[int]) -> set[int]:
        """Without those that need what failed and isn't among them."""
        while True:
            lost = {
                number
                for number in ids
                for need in self.jobs[number].needs - ids
                if self.jobs[need].state in UNSUCCESSFUL
            }
            if not lost:
                return ids
            ids = ids - lost

    def _with_children(self, jobs: Iterable[Expected]) -> list[Expected]:
        chosen = {job.id: job for job in jobs}
        for number in list(chosen):
            chosen |= {c.id: c for c in self.children(number) if c.state in ACTIVE}
        return list(chosen.values())
