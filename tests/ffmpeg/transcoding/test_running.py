"""ffmpeg is followed to its end, halted, and ended: real ones, and scripts that misbehave."""

import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from apps.core.process import ProcessFailed
from apps.ffmpeg.transcoding.running import Stalled, TooLarge, encode
from tests.media import ffmpeg, media

Script = Callable[[str], list[str | bytes]]

_PROGRESS = """
say() { printf 'out_time_us=%s\\ntotal_size=%s\\nprogress=continue\\n' "$1" "$2"; }
"""
_ENDLESS = """
echo begun > $OUT; echo $$ > $OUT.pid; n=0
while :; do n=$((n+1)); say $((n*1000)) 9; sleep 0.05; done
"""
_TALKS = "import time\nwhile 1: print('progress=continue', flush=True); time.sleep(0.2)"


class Enough(Exception):
    """The job was cancelled."""


class Seen:
    """Keeps what was reported; raises when ``until`` says so."""

    def __init__(self, until: Callable[[dict[str, Any]], bool] = lambda _facts: False) -> None:
        self.told: list[tuple[int, int | None, dict[str, Any]]] = []
        self._until = until

    def __call__(self, done: int, total: int | None = None, /, **facts: Any) -> None:
        self.told.append((done, total, facts))
        if self._until(facts):
            raise Enough

    @property
    def phases(self) -> list[str]:
        return list(dict.fromkeys(facts["phase"] for _, _, facts in self.told))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.mp4"


@pytest.fixture
def script(tmp_path: Path, output: Path) -> Script:
    """An ffmpeg of a few lines."""

    def write(lines: str) -> list[str | bytes]:
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\nOUT={output}\n{_PROGRESS}\n{lines}\n")
        path.chmod(0o755)
        return [str(path)]

    return write


def _is_gone(output: Path) -> bool:
    """Whether the process that left its id beside the output has ended."""
    try:
        fd = os.pidfd_open(int(output.with_name(output.name + ".pid").read_text()))
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], 10)[0])
    finally:
        os.close(fd)


def _state(output: Path) -> str:
    """Of a shell that was told to halt, which takes a moment: it is, or (D) waits for a child that
    was halted before it became another program."""
    pid = output.with_name(output.name + ".pid").read_text().strip()
    state = ""
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state in {"T", "D"}:
            break
        sleep(0.01)
    return state


def test_a_real_one_to_its_end(output: Path) -> None:
    command = [
        ffmpeg(), "-nostdin", "-v", "error", "-y", "-i", str(media("h264.mp4")),
        "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", str(output),
    ]  # fmt: skip
    seen = Seen()

    ended = encode(command, duration_ms=2_000, output=bytes(output), report=seen)

    assert (ended.returncode, ended.lines, ended.frames) == (0, (), 50)
    assert ended.size_bytes == output.stat().st_size
    assert ended.out_ms == pytest.approx(2_000, abs=50)
    assert seen.told[-1][:2] == (2_000, 2_000)
    assert all(done <= 1_980 for done, _, _ in seen.told[:-1])


class TestRefusals:
    def test_what_was_said_is_kept_and_what_was_written_is_not(
        self, script: Script, output: Path
    ) -> None:
        command = script(
            "echo half > $OUT; echo 'av_interleaved_write_frame(): No space left on device' >&2;"
            " exit 1"
        )

        ended = encode(command, duration_ms=2_000, output=bytes(output))

        assert ended.returncode == 1
        assert ended.lines == ("av_interleaved_write_frame(): No space left on device",)
        assert not output.exists()

    def test_talk_without_end_is_bounded(self, script: Script, output: Path) -> None:
        command = script("echo first >&2; yes 'corrupt input' | head -n 90000 >&2; echo last >&2")

        ended = encode(command, duration_ms=2_000, output=bytes(output))

        assert (ended.lines[0], ended.lines[-1], len(ended.lines)) == ("first", "last", 100)
        assert ended.left_out == 90_002 - 100

    def test_a_kill_by_the_system(self, script: Script, output: Path) -> None:
        ended = encode(script("echo x > $OUT; kill -9 $$"), duration_ms=0, output=bytes(output))

        assert ended.returncode == -9
        assert not output.exists()

    def test_a_program_that_is_missing(self, output: Path) -> None:
        with pytest.raises(ProcessFailed):
            encode(["/nowhere/ffmpeg"], duration_ms=0, output=bytes(output))


class TestEnding:
    def test_cancelling_leaves_neither_process_nor_file(self, script: Script, output: Path) -> None:
        command = script("sleep 600 & echo $! > $OUT.pid; echo x > $OUT; wait")

        with pytest.raises(Enough):
            encode(
                command, duration_ms=0, output=bytes(output),
                report=Seen(lambda _: output.exists()),
            )  # fmt: skip

        assert _is_gone(output)
        assert not output.exists()

    def test_doing_nothing_is_a_stall(self, script: Script, output: Path) -> None:
        command = script("echo $$ > $OUT.pid; echo x > $OUT; exec sleep 600")

        with pytest.raises(Stalled) as raised:
            encode(command, duration_ms=2_000, output=bytes(output), stall_s=0.6)

        assert raised.value.code == "transcode_stalled"
        assert _is_gone(output)
        assert not output.exists()

    def test_saying_again_and_again_that_nothing_happens_is_one_too(
        self, script: Script, output: Path
    ) -> None:
        command = script(f'exec {sys.executable} -S -c "{_TALKS}"')

        with pytest.raises(Stalled):
            encode(command, duration_ms=2_000, output=bytes(output), stall_s=0.6)

    def test_work_without_words_is_none(self, script: Script, output: Path) -> None:
        """As when an encoder looks far ahead, or the index is moved to the front."""
        command = script("timeout 1.5 sh -c 'while :; do :; done'; exit 0")

        assert encode(command, duration_ms=0, output=bytes(output), stall_s=0.6).returncode == 0

    def test_what_will_be_too_large_is_given_up_early(self, script: Script, output: Path) -> None:
        command = script("echo x > $OUT; say 500000 10000000; sleep 600")

        with pytest.raises(TooLarge) as raised:
            encode(command, duration_ms=2_000, output=bytes(output), most_bytes=20_000_000)

        assert raised.value.code == "transcode_too_large"
        assert "After 25%" in str(raised.value)
        assert not output.exists()

    @pytest.mark.parametrize(("reached_us", "size"), [(100_000, 5_000_000), (500_000, 5_500_000)])
    def test_a_guess_alone_ends_nothing(
        self, script: Script, output: Path, reached_us: int, size: int
    ) -> None:
        """Neither before a tenth is done, nor while it may yet come right."""
        command = script(f"say {reached_us} {size}; sleep 0.6; say {reached_us} {size}")

        ended = encode(command, duration_ms=2_000, output=bytes(output), most_bytes=20_000_000)

        assert ended.returncode == 0


class TestHolding:
    def test_it_is_halted_while_there_is_a_reason_and_goes_on(
        self, script: Script, output: Path
    ) -> None:
        reasons = iter(["", "The card is too hot.", "The card is too hot.", ""])
        states: list[str] = []

        def look(facts: dict[str, Any]) -> bool:
            states.extend([_state(output)] if "held" in facts else [])
            return False

        ended = encode(
            script("echo $$ > $OUT.pid; for n in 1 2 3 4 5 6 7 8; do say $n 9; sleep 0.1; done"),
            duration_ms=2_000, output=bytes(output), report=(seen := Seen(look)),
            held=lambda: next(reasons, ""), held_every_s=0.2, stall_s=0.3,
        )  # fmt: skip

        assert ended.returncode == 0
        assert ended.held_s >= 0.4
        assert states
        assert set(states) <= {"T", "D"}
        assert {facts.get("held") for _, _, facts in seen.told} == {None, "The card is too hot."}

    def test_what_is_halted_can_be_cancelled(self, script: Script, output: Path) -> None:
        with pytest.raises(Enough):
            encode(
                script(_ENDLESS), duration_ms=2_000, output=bytes(output),
                report=Seen(lambda facts: facts["phase"] == "held"),
                held=lambda: "The battery is low.", held_every_s=0.1,
            )  # fmt: skip

        assert _is_gone(output)
        assert not output.exists()
