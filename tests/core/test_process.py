import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.core import process

_SLEEPER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
_IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)"
_STUBBORN = [sys.executable, "-c", _IGNORE + "\nwhile True: signal.pause()"]


def _ends(pid: int, within_s: float = 10.0) -> bool:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], within_s)[0])
    finally:
        os.close(fd)


def _started(command: list[str], **kwargs: object) -> subprocess.Popen[bytes]:
    child = process.spawn(command, stdout=subprocess.PIPE, **kwargs)  # type: ignore[arg-type]
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child


def test_returns_what_a_program_wrote_and_its_status() -> None:
    ended = process.run(
        ["sh", "-c", "cat; echo oops >&2; exit 3"], timeout_s=10, input_bytes=b"hello"
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (3, b"hello", b"oops\n")


def test_a_program_that_is_missing_is_a_foreseen_failure() -> None:
    with pytest.raises(process.ProcessFailed, match="nowhere") as raised:
        process.run(["/nowhere"], timeout_s=10)

    assert raised.value.code == "process_failed"


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    script = f"sleep 600 & echo $! > {tmp_path}/pid; wait"

    with pytest.raises(process.ProcessFailed, match=r"within 0\.5 s"):
        process.run(["sh", "-c", script], timeout_s=0.5)

    assert _ends(int((tmp_path / "pid").read_text()))


def test_stdin_is_empty_unless_given() -> None:
    assert process.run(["cat"], timeout_s=10).stdout == b""


def test_limits_hold_in_the_child() -> None:
    limits = process.Limits(memory_bytes=1 << 30, cpu_seconds=7, file_bytes=4096)

    ended = process.run(["sh", "-c", "ulimit -v; ulimit -t; ulimit -f"], limits=limits, timeout_s=9)

    memory_kib, cpu_s, file_blocks = map(int, ended.stdout.split())
    assert (memory_kib, cpu_s) == (1 << 20, 7)
    assert file_blocks in (4, 8)  # blocks of 1 KiB or of 512 bytes, as the shell likes


def test_stopping_asks_first() -> None:
    assert process.stop(_started(_SLEEPER)) == -signal.SIGTERM


def test_stopping_kills_what_will_not_listen() -> None:
    begun = time.monotonic()

    assert process.stop(_started(_STUBBORN), grace_s=0.2) == -signal.SIGKILL
    assert time.monotonic() - begun < 5


def test_killing_reaps_at_once() -> None:
    child = _started(_STUBBORN)

    assert process.kill(child)
    assert child.returncode == -signal.SIGKILL


def test_what_is_suspended_stands_still_goes_on_and_can_be_killed() -> None:
    child = _started([sys.executable, "-c", "print('up', flush=True)\nwhile True: pass"])
    process.suspend(child)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)

    process.resume(child)
    _, status = os.waitpid(child.pid, os.WCONTINUED)
    assert os.WIFCONTINUED(status)

    process.suspend(child)
    assert process.kill(child)


def test_killing_does_not_wait_for_what_cannot_die_and_reaps_it_later() -> None:
    """Without patience nothing has died yet: as it is with a child that waits for a dead disk."""
    child = _started(_SLEEPER)

    if not process.kill(child, patience_s=0):
        assert _ends(child.pid)
        process.kill(_started(_SLEEPER))

    assert child.returncode == -signal.SIGKILL


def test_a_child_runs_in_a_session_of_its_own() -> None:
    child = _started(_SLEEPER)
    try:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
    finally:
        process.kill(child)


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import os, subprocess\n"
        "from apps.core import process\n"
        f"child = process.spawn({_SLEEPER!r}, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); os._exit(0)\n"
    )

    ended = process.run([sys.executable, "-c", script], timeout_s=30)

    assert _ends(int(ended.stdout))


def test_a_child_may_be_told_to_survive(tmp_path: Path) -> None:
    script = (
        "import os, subprocess\n"
        "from apps.core import process\n"
        f"child = process.spawn({_SLEEPER!r}, stdout=subprocess.PIPE,"
        " stderr=subprocess.DEVNULL, survives_parent=True)\n"
        "child.stdout.readline(); print(child.pid, flush=True); os._exit(0)\n"
    )

    pid = int(process.run([sys.executable, "-c", script], timeout_s=30).stdout)

    assert not _ends(pid, within_s=0.3)
    os.kill(pid, signal.SIGKILL)
