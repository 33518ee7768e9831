"""A cluster's main process: keeps one tree of workers going, and sees when it has stopped working.

django-q2 can stop without a word: a worker that is killed while it waits for work takes the lock of
the queue between the processes with it. So canaries have to be executed; when none was though a
worker is free, the tree is put aside. Workers of it that have a job keep it to its end; the others'
places go to a new tree at once.
"""

import logging
import os
import signal
import time
from contextlib import suppress
from datetime import timedelta
from types import FrameType

from django.conf import settings
from django.db import Error, connection, connections
from django.db.models import F
from django.db.models.functions import Now

from apps.jobs import blackbox, worker
from apps.jobs.cluster import canary
from apps.jobs.cluster.tree import Tree, memory_of
from apps.jobs.flag import Flag
from apps.jobs.models import Cluster
from apps.jobs.places import here
from apps.jobs.services.crashes import dead_workers, give_back, release_worker
from apps.jobs.services.gates import closed

logger = logging.getLogger(__name__)

_TURN_S = 5.0
_LONGEST_SILENCE_S = 2 * canary.EVERY_S
_LONGEST_SHORTAGE_S = 20.0


def run_cluster(queue: str, *, slots: int) -> None:
    """Serve one queue until SIGTERM or SIGINT."""
    Node(queue, slots=slots).run()


class Node:
    """The row in the database, the tree that works, and those that were put aside."""

    def __init__(self, queue: str, *, slots: int) -> None:
        self._queue, self._slots = queue, slots
        self._asked = Flag()
        self._put_aside: list[Tree] = []
        self._dead: set[str] = set()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)
        self._row = self._enter()
        self._trees = [Tree(self._row, queue, slots=slots)]

    def run(self) -> None:
        """Until asked to end."""
        while not self._asked.wait(_TURN_S):
            try:
                self._turn()
            except Error as error:
                logger.warning("queue %s: %s", self._queue, error)
                connection.close()
                for tree in self._trees:  # without the database no canary can sing
                    tree.perch.rest()
        self._end()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        worker.stopping.set()
        self._asked.set()

    def _enter(self) -> int:
        Cluster.objects.filter(seen_at__lt=Now() - timedelta(days=1)).delete()
        Cluster.objects.filter(host=here(), pid=os.getpid()).delete()
        for name in dead_workers():
            _release(name)
        blackbox.forget_dead()
        return Cluster.objects.create(
            host=here(), pid=os.getpid(), queue=self._queue, slots=self._slots
        ).pk

    def _turn(self) -> None:
        dead = dead_workers()
        for name in dead & self._dead:  # a sentinel that lives is quicker, and knows the signal
            _release(name)
        self._dead = dead
        for tree in list(self._trees):
            if reason := self._trouble_of(tree):
                self._put_away(tree, reason)
        for tree in list(self._put_aside):
            if not tree.is_alive() or not tree.busy():
                self._kill(tree)
                self._put_aside.remove(tree)
        self._beat()
        self._fill_up()

    def _trouble_of(self, tree: Tree) -> str:
        """Why a tree can't be relied on any more; empty if it can."""
        if not tree.is_alive():
            return "its sentinel died"
        if tree.shortage_s() > _LONGEST_SHORTAGE_S:
            return "a worker that died was not replaced"
        if tree.perch.silent_s() > _LONGEST_SILENCE_S and tree.busy() < tree.slots:
            return f"no canary was executed for {tree.perch.silent_s():.0f} s"
        return ""

    def _put_away(self, tree: Tree, reason: str) -> None:
        logger.error("queue %s: %s; its workers are replaced", self._queue, reason)
        self._trees.remove(tree)
        self._put_aside.append(tree)
        tree.stop()
        Cluster.objects.filter(pk=self._row).update(
            restarts=F("restarts") + 1, restarted_at=Now(), restart_reason=reason[:200]
        )

    def _kill(self, tree: Tree) -> None:
        """End a tree; what its workers may have taken up meanwhile is given back."""
        for pid in tree.kill():
            give_back(f"{here()}:{pid}")

    def _fill_up(self) -> None:
        """Give the places that nobody fills to a new tree."""
        filled = sum(tree.slots for tree in self._trees)
        filled += sum(tree.busy() for tree in self._put_aside)
        if filled < self._slots:
            self._trees.append(Tree(self._row, self._queue, slots=self._slots - filled))

    def _beat(self) -> None:
        pids = [pid for tree in (*self._trees, *self._put_aside) for pid in tree.workers()]
        workers = [{"pid": pid, "memory_bytes": memory_of(pid)} for pid in sorted(pids)]
        known = Cluster.objects.filter(pk=self._row)
        told = {"workers": workers, "gates": closed(self._queue)}
        if not known.update(seen_at=Now(), **told):  # forgotten: the database was restored
            self._row = self._enter()
            for tree in self._trees:
                tree.perch.move_to(self._row)

    def _end(self) -> None:
        """Let what runs end or give it back; what does neither in time is ended and given back."""
        with suppress(Error):
            Cluster.objects.filter(pk=self._row).update(stopping=True)
        trees = [*self._trees, *self._put_aside]
        for tree in trees:
            tree.stop()
        until = time.monotonic() + settings.MEDIAHUB_JOB_STOP_SECONDS
        while any(tree.is_alive() for tree in trees) and time.monotonic() < until:
            time.sleep(0.05)
        with suppress(Error):
            for tree in trees:
                self._kill(tree)
            Cluster.objects.filter(pk=self._row).delete()
        blackbox.forget_dead()
        connections.close_all()


def _release(worker_name: str) -> None:
    """Give the job of a worker whose whole tree died to another."""
    command = blackbox.last_command(worker_name)
    release_worker(worker_name, exit_code=None, command=command)
