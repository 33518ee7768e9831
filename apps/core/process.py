"""The one module that starts processes.

Every child gets its own session (so that a Ctrl-C in the terminal reaches only us, and we can
signal it with all its descendants), no stdin unless asked for, and dies with the process that
started it. The parent-death signal and the limits are set by util-linux's ``setpriv`` and
``prlimit`` in front of the command: ``preexec_fn`` can deadlock in a process that has threads.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from apps.core.errors import MediaHubError

Arguments = Sequence[str | bytes | os.PathLike[str]]
Stream = int | IO[bytes] | None


# Told of each program before it starts, if somebody keeps a record.
on_start: Callable[[Arguments], None] | None = None

_left_behind: list[subprocess.Popen[bytes]] = []


class ProcessFailed(MediaHubError):
    """A program ended with an error, could not be started, or ran past its time."""

    code = "process_failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use; ``None`` leaves the system's limit. Bytes and CPU seconds."""

    memory_bytes: int | None = None
    cpu_seconds: int | None = None
    file_bytes: int | None = None


def spawn(
    arguments: Arguments,
    *,
    limits: Limits | None = None,
    survives_parent: bool = False,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = None,
    stderr: Stream = None,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    user: int | None = None,
    group: int | None = None,
    umask: int = -1,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own. Raises ProcessFailed if it cannot be started."""
    name = os.fsdecode(arguments[0])
    if shutil.which(name) is None:  # a guard would start, and then fail
        raise ProcessFailed(f"Could not start {name}: it is missing or may not be run.")
    if on_start is not None:
        on_start(arguments)
    command = [*_guards(limits, survives_parent=survives_parent), *arguments]
    try:
        return subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=stderr, env=env, cwd=cwd,
            user=user, group=group, extra_groups=None if user is None else [],
            umask=umask, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ProcessFailed(f"Could not start {name}: {error.strerror}.") from error


def run(
    arguments: Arguments,
    *,
    timeout_s: float,
    limits: Limits | None = None,
    input_bytes: bytes | None = None,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end and return what it wrote; its exit status is the caller's to judge.

    Past ``timeout_s`` the program and its descendants are killed and ProcessFailed is raised.
    """
    stdin = subprocess.DEVNULL if input_bytes is None else subprocess.PIPE
    process = spawn(
        arguments, limits=limits, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=env, user=user, group=group,
    )  # fmt: skip
    try:
        out, err = process.communicate(input_bytes, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        name = os.fsdecode(arguments[0])
        raise ProcessFailed(f"{name} did not end within {timeout_s:g} s.") from error
    finally:
        kill(process)
    return subprocess.CompletedProcess(list(arguments), process.returncode, out, err)


def stop(process: subprocess.Popen[bytes], *, grace_s: float = 10.0) -> int:
    """Ask a child's session to end, kill it after ``grace_s``; return the exit status.

    Raises ProcessFailed if even that doesn't end it.
    """
    _signal_session(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=grace_s)
    if not kill(process):
        raise ProcessFailed("A program could not be stopped: it waits for a disk or network share.")
    return process.returncode


def kill(process: subprocess.Popen[bytes], *, patience_s: float = 5.0) -> bool:
    """Kill what is left of a child's session at once and reap the child.

    A child that waits for a dead disk or network share can't be killed until that answers: after
    ``patience_s`` it is left behind, to be reaped by a later call, and the answer is False.
    """
    _signal_session(process, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    _left_behind[:] = [one for one in _left_behind if one.poll() is None]
    try:
        process.wait(timeout=patience_s)
    except subprocess.TimeoutExpired:
        _left_behind.append(process)
        return False
    return True


def suspend(process: subprocess.Popen[bytes]) -> None:
    """Halt a child's session where it is, with all that it holds; it can still be killed."""
    _signal_session(process, signal.SIGSTOP)


def resume(process: subprocess.Popen[bytes]) -> None:
    """Let a child's session go on after ``suspend``."""
    _signal_session(process, signal.SIGCONT)


def _signal_session(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _guards(limits: Limits | None, *, survives_parent: bool) -> list[str]:
    guards: list[str] = []
    if not survives_parent and (setpriv := shutil.which("setpriv")):
        guards += [setpriv, "--pdeathsig", "KILL", "--"]
    flags = _limit_flags(limits)
    if flags and (prlimit := shutil.which("prlimit")):
        guards += [prlimit, *flags, "--"]
    return guards


def _limit_flags(limits: Limits | None) -> list[str]:
    if limits is None:
        return []
    named = {"as": limits.memory_bytes, "cpu": limits.cpu_seconds, "fsize": limits.file_bytes}
    return [f"--{name}={value}" for name, value in named.items() if value is not None]
