"""Runs MediaHub's programs in the foreground: keeps each of them up, and ends all of them.

Each program has a session of its own, so that what it forked can be killed even after it has died
itself (django-q2's workers outlive their main process). Should we be killed, the guardian does
that: a shell of three lines that holds the list of sessions and takes the end of our pipe to it
as its signal.
"""

import http.client
import io
import logging
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from subprocess import Popen
from typing import Self

from apps.core import process
from apps.core.logs import json_line, readable

_TURN_S = 0.25
_STEADY_S = 60.0  # what ran this long may fail again without a long pause
_LONGEST_PAUSE_S = 30.0
_REPEAT_TERM_S = 4.0  # servers that are just starting are known to overlook the first one
_KILL_AFTER_S = 15.0
_LONGEST_LINE_BYTES = 65_536
_LOG_BYTES, _OLD_LOGS = 10_000_000, 3
_GUARDIAN = (
    "while read -r line; do sessions=$line; done; "
    'for session in $sessions; do kill -s KILL -- "-$session"; done'
)


@dataclass(frozen=True, slots=True)
class Program:
    """Something to keep running."""

    name: str
    arguments: Sequence[str]


@dataclass(frozen=True, slots=True)
class Health:
    """Where the web server says that it is up, and what we say when it first does."""

    host: str
    port: int
    good_news: str
    path: str = "/healthz"

    def is_good(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=1)
        try:
            connection.request("GET", self.path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def supervise(
    programs: Sequence[Program], *, folder: Path, logs: Path, health: Health, as_json: bool = False
) -> None:
    """Keep programs running in ``folder`` until SIGINT, SIGTERM or SIGHUP, then end them all.

    They log JSON, which goes to ``logs/<name>.log`` as it is and to the terminal in words, unless
    ``as_json``; what isn't JSON goes to both unchanged. Programs that don't end within
    15 seconds are killed, a second SIGINT kills them at once. Call it from the main thread.
    """
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    width = 0 if as_json else max(len(program.name) for program in programs)
    terminal = _Terminal(width=width)
    children = [_Child(program, folder, logs, terminal) for program in programs]
    with _Guardian() as guardian, _counted_signals() as signals:
        try:
            _keep_running(children, guardian, signals, terminal, health)
            _end(children, signals)
        finally:
            for child in children:
                child.bury()
            guardian.watch([])


class _Terminal:
    """Where we talk to the user, as long as somebody listens; of width 0 it takes bare JSON."""

    def __init__(self, *, width: int) -> None:
        self.is_gone = False
        self._width = width
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # names of files may be in any alphabet

    def say(self, name: str, text: str) -> None:
        if self._width:
            lines = readable(text).splitlines()
            text = "\n".join(f"{name:<{self._width}} | {line}" for line in lines)
        try:
            print(text, flush=True)  # noqa: T201
        except OSError:  # the window was closed, or the pipe's reader has ended
            self.is_gone = True
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - what is left in its buffer goes there


class _Signals:
    """How often we were asked to end, and how often by Ctrl-C."""

    def __init__(self) -> None:
        self.all = 0
        self.interrupts = 0

    def count(self, number: int, _frame: object) -> None:
        self.all += 1
        self.interrupts += number == signal.SIGINT


class _Guardian:
    """Kills the sessions on its list when we end, in whatever way."""

    def __enter__(self) -> Self:
        self._start()
        return self

    def _start(self) -> None:
        stdin, self._pipe = os.pipe()
        self._process = process.spawn(["sh", "-c", _GUARDIAN], stdin=stdin, survives_parent=True)
        os.close(stdin)

    def watch(self, children: Sequence["_Child"]) -> None:
        if self._process.poll() is not None:  # killed
            os.close(self._pipe)
            self._start()
        sessions = " ".join(str(c.process.pid) for c in children if c.process is not None)
        os.write(self._pipe, f"{sessions}\n".encode())

    def __exit__(self, *_exception: object) -> None:
        os.close(self._pipe)
        self._process.wait()


class _Child:
    """One program, its process while it has one, and when to start it again."""

    def __init__(self, program: Program, folder: Path, logs: Path, terminal: _Terminal) -> None:
        self.process: Popen[bytes] | None = None
        self.output = -1
        self.is_silent = False  # it has closed its output
        self._program, self._folder, self._terminal = program, folder, terminal
        self._log = RotatingFileHandler(
            logs / f"{program.name}.log", maxBytes=_LOG_BYTES, backupCount=_OLD_LOGS
        )
        self._unfinished = b""
        self._started_at = 0.0
        self._due_at = 0.0
        self._pause_s = 1.0

    def is_due(self) -> bool:
        return self.process is None and time.monotonic() >= self._due_at

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def start(self) -> None:
        self.output, theirs = os.pipe()
        os.set_blocking(self.output, False)
        try:
            self.process = process.spawn(
                ["env", "MEDIAHUB_LOG_FORMAT=json", *self._program.arguments],
                cwd=self._folder, stdout=theirs, stderr=theirs,
            )  # fmt: skip
        finally:
            os.close(theirs)
        self._started_at, self.is_silent = time.monotonic(), False

    def restart_later(self) -> None:
        """Clear away what has died, and make it due again after a pause that grows."""
        steady = time.monotonic() - self._started_at >= _STEADY_S
        self._pause_s = 1.0 if steady else min(self._pause_s * 2, _LONGEST_PAUSE_S)
        status = self.bury()
        self._due_at = time.monotonic() + self._pause_s
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        text = f"{how}; starting it again in {self._pause_s:g} s"
        self._say(json_line(self._program.name, text, now=time.time(), level="WARNING"))

    def relay(self) -> None:
        """Pass on what the program has said since."""
        try:
            heard = os.read(self.output, _LONGEST_LINE_BYTES)
        except BlockingIOError:
            return
        self.is_silent = not heard
        *lines, self._unfinished = (self._unfinished + heard).split(b"\n")
        if len(self._unfinished) >= _LONGEST_LINE_BYTES or not heard:
            lines.append(self._unfinished)
            self._unfinished = b""
        for line in filter(None, lines):
            self._say(line.decode(errors="replace").rstrip())

    def bury(self) -> int:
        """Kill what is left of the session, pass on its last words; return the exit status."""
        if self.process is None:
            return 0
        process.kill(self.process)
        self.relay()
        os.close(self.output)
        status, self.process, self.output = self.process.returncode, None, -1
        return status

    def _say(self, text: str) -> None:
        self._terminal.say(self._program.name, text)
        self._log.handle(logging.makeLogRecord({"msg": text}))


@contextmanager
def _counted_signals() -> Iterator[_Signals]:
    signals = _Signals()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signals.count) for number in numbers]
    try:
        yield signals
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _keep_running(
    children: Sequence[_Child],
    guardian: _Guardian,
    signals: _Signals,
    terminal: _Terminal,
    health: Health,
) -> None:
    ready = False
    while not signals.all and not terminal.is_gone:
        for child in children:
            if child.is_dead():
                child.restart_later()
                guardian.watch(children)
            if child.is_due():
                child.start()
                guardian.watch(children)
        _relay_output(children)
        if not ready and health.is_good():
            ready = True
            terminal.say("mediahub", health.good_news)


def _end(children: Sequence[_Child], signals: _Signals) -> None:
    """Ask the main processes to end, twice, then leave the rest to be killed."""
    interrupts = signals.interrupts
    asked_at = time.monotonic()
    asked = 0
    while any(child.process and not child.is_dead() for child in children):
        waited_s = time.monotonic() - asked_at
        if waited_s > _KILL_AFTER_S or signals.interrupts > max(1, interrupts):
            return
        if waited_s >= asked * _REPEAT_TERM_S:
            asked += 1
            for child in children:
                if child.process:
                    child.process.terminate()
        _relay_output(children)


def _relay_output(children: Sequence[_Child]) -> None:
    """Wait a moment for output, and pass it on."""
    with selectors.DefaultSelector() as selector:
        for child in children:
            if child.process and not child.is_silent:
                selector.register(child.output, selectors.EVENT_READ, child.relay)
        for key, _ in selector.select(_TURN_S):
            relay: Callable[[], None] = key.data
            relay()
