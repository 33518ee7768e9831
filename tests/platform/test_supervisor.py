"""The supervisor, with real processes. Each program holds a lock that its descendants inherit."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mediahub.postgres.locks import lock_within

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30
SCRIPT = """
import sys
import threading
from pathlib import Path
from mediahub import supervisor
supervisor._KILL_AFTER_S, supervisor._STEADY_S = 1.0, 0.0  # every end counts as a rare one
folder, port, *programs = sys.argv[1:]
supervisor.supervise(
    [supervisor.Program(f"p{n}", ["sh", "-c", text]) for n, text in enumerate(programs)],
    folder=Path(folder),
    logs=Path(folder, "logs"),
    health=supervisor.Health("127.0.0.1", int(port), "All is well"),
)
print("the end")
"""
HOLD = "exec 9>lock; flock --shared 9; "
POLITE = f"{HOLD} sleep 1000 & echo started $$; trap 'kill $!; exit' TERM; wait"
STUBBORN = f"{HOLD} trap '' TERM; sleep 1000 & echo started $$; wait"


class Supervised:
    """A running supervisor and what it says."""

    def __init__(self, folder: Path, *programs: str, port: int = 9) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", SCRIPT, folder, str(port), *programs],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def read_until(self, pattern: str) -> str:
        """The first line that matches, or what it captures."""
        assert self.process.stdout
        for line in self.process.stdout:
            if found := re.search(pattern, line):
                return found[found.lastindex or 0]
        raise AssertionError(pattern)

    def read_all_started(self) -> None:
        """The two programs say so in any order."""
        assert {self.read_until(r"p0 .*started|p1 .*started")[:2] for _ in range(2)} == {"p0", "p1"}

    def left_nothing(self) -> bool:
        descriptor = lock_within(self.folder / "lock", seconds=PATIENCE_S)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def supervised(stack: ExitStack, folder: Path, *programs: str, port: int = 9) -> Supervised:
    running = Supervised(folder, *programs, port=port)
    deadline = threading.Timer(PATIENCE_S, running.process.kill)
    deadline.start()
    stack.enter_context(running.process)
    stack.callback(running.process.kill)
    stack.callback(deadline.cancel)
    return running


def test_killed_program_is_cleared_away_and_started_again(tmp_path: Path, stack: ExitStack) -> None:
    alone = "exec 9>lock; flock --nonblock 9 || exit 9; "
    running = supervised(stack, tmp_path, f"{alone} sleep 1000 & echo started $$; wait")
    first = int(running.read_until(r"p0 +\| started (\d+)"))
    os.kill(first, signal.SIGKILL)

    assert running.read_until("was killed by signal 9")
    second = int(running.read_until(r"started (\d+)"))
    running.process.terminate()
    running.read_until("the end")
    assert second != first
    assert running.left_nothing()
    logged = (tmp_path / "logs" / "p0.log").read_text().splitlines()
    assert len([line for line in logged if line.startswith("started")]) == 2
    assert "was killed by signal 9" in json.loads(logged[1])["message"]


def test_json_is_kept_in_the_log_and_said_in_words(tmp_path: Path, stack: ExitStack) -> None:
    line = {
        "ts": "T",
        "level": "INFO",
        "logger": "x",
        "message": "hello",
        "job_id": 3,
        "exc": "a\nb",
    }
    say = f"printf '%s\\n' '{json.dumps(line)}'; echo $MEDIAHUB_LOG_FORMAT; {HOLD} sleep 1000"
    running = supervised(stack, tmp_path, say)

    assert running.read_until(r"p0 +\| T INFO x: hello$")
    assert running.read_until(r"p0 +\| a$")
    assert running.read_until(r"p0 +\| b$")
    assert running.read_until(r"p0 +\| json$")
    running.process.terminate()
    running.read_until("the end")
    kept = (tmp_path / "logs" / "p0.log").read_text().splitlines()
    assert json.loads(kept[0]) == line


def test_sigterm_ends_the_polite_and_kills_the_stubborn(tmp_path: Path, stack: ExitStack) -> None:
    running = supervised(stack, tmp_path, POLITE, STUBBORN)
    running.read_all_started()

    running.process.terminate()

    assert running.read_until("the end")
    assert running.process.wait() == 0
    assert running.left_nothing()


def test_second_interrupt_kills_at_once(tmp_path: Path, stack: ExitStack) -> None:
    running = supervised(
        stack, tmp_path, f"{HOLD} trap 'echo asked' TERM; echo started; cat <> fifo"
    )
    os.mkfifo(tmp_path / "fifo")
    running.read_until("started")

    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGINT)

    assert running.read_until("the end")
    assert running.left_nothing()


def test_killed_supervisor_takes_everything_along(tmp_path: Path, stack: ExitStack) -> None:
    running = supervised(stack, tmp_path, POLITE, STUBBORN)
    running.read_all_started()

    running.process.kill()

    assert running.left_nothing()


def test_reader_that_went_away_is_a_reason_to_end(tmp_path: Path, stack: ExitStack) -> None:
    running = supervised(stack, tmp_path, f"{HOLD} trap exit TERM; while :; do echo more; done")
    running.read_until("more")
    assert running.process.stdout

    running.process.stdout.close()

    assert running.process.wait(PATIENCE_S) is not None
    assert running.left_nothing()


def test_good_news_come_when_the_web_server_answers(tmp_path: Path, stack: ExitStack) -> None:
    (tmp_path / "healthz").touch()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    web = f"{HOLD} exec {sys.executable} -m http.server --bind 127.0.0.1 {port}"

    running = supervised(stack, tmp_path, web, port=port)

    assert running.read_until("mediahub.*All is well")
    running.process.terminate()
    assert running.left_nothing()
