"""Processes of their own, such as tests kill, that needn't load Django each for itself.

They are forked from one that did: to load it takes longer than what most are started for.
"""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.rigs.loaded"])


class Forked:
    """A process that calls ``deed``, once that began; it leads a session and takes all its
    descendants along when it is killed.

    ``deed`` belongs into ``tests.rigs.deeds``; ``settings`` are those that differ for it.
    """

    def __init__(self, deed: Callable[..., None], *arguments: Any, **settings: Any) -> None:
        here, there = _context.Pipe()
        self.process: ForkServerProcess = _context.Process(
            target=_obey, args=(there, deed, arguments, settings)
        )
        self.process.start()
        self.pipe: Connection = here
        assert here.recv() == "ready"

    def kill(self) -> None:
        self.process.kill()

    def wait(self) -> int:
        """Its exit status, as ``subprocess`` has it."""
        self.process.join()
        self.pipe.close()
        status = self.process.exitcode
        self.process.close()
        assert status is not None
        return status


def _obey(
    pipe: Connection, deed: Callable[..., None], arguments: tuple[Any, ...], given: dict[str, Any]
) -> None:
    from django.conf import settings

    os.setsid()
    for name, value in given.items():
        setattr(settings, name, value)
    pipe.send("ready")
    deed(*arguments)
