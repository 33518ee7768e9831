"""Mounts that only this process and those that it starts see."""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_CLONE_NEWNS = 0x0002_0000
_REC_PRIVATE = 0x4000 | 0x4_0000
_LAZY = 2
_BIND = 4096
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Share:
    """A mount of ``tests.rigs.fuse``. Orders are obeyed when the call returns."""

    process: "subprocess.Popen[bytes]"
    target: Path

    def fail(self, mode: str, below: str = "", *, after: int = 0) -> None:
        """``mode`` as in ``tests.rigs.fuse``; below a path, after so many requests."""
        self._order(mode, below, after)

    def heal(self) -> None:
        self._order("heal", "", 0)

    def die(self) -> None:
        """From now on whatever is asked fails with ENOTCONN."""
        self.process.kill()
        self.process.wait()

    def _order(self, *order: str | int) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        self._await_ok()

    def _await_ok(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == b"ok\n"


@dataclass(slots=True)
class Mounts:
    """Mounts things; all are gone when the namespace is."""

    _stack: ExitStack

    def tmpfs(self, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        self._mount("tmpfs", target, "tmpfs", 0, "size=64m")

    def bind(self, source: Path, target: Path) -> None:
        """Show a folder at another place."""
        target.mkdir(parents=True, exist_ok=True)
        self._mount(str(source), target, "", _BIND, "")

    def image(self, image: Path, target: Path, *, read_only: bool = False) -> None:
        """Mount a file that holds an ext4 file system; it is made if it isn't there."""
        target.mkdir(parents=True, exist_ok=True)
        if not image.exists():
            with image.open("wb") as file:
                file.truncate(32 << 20)
            subprocess.run(["mkfs.ext4", "-q", image], check=True)
        options = "loop,ro" if read_only else "loop"
        subprocess.run(["mount", "-o", options, image, target], check=True)
        self._stack.callback(self._forget, target)

    def share(self, source: Path, target: Path) -> Share:
        """Show a folder as a file system that can be told to hang or fail."""
        target.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.rigs.fuse", source, target]
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._stack.enter_context(process)
        self._stack.callback(process.kill)  # whoever hangs goes on, with an error
        share = Share(process, target)
        share._await_ok()
        self._stack.callback(self._forget, target)
        return share

    def unmount(self, target: Path, *, lazily: bool = False) -> None:
        """Raises OSError: EBUSY if it is in use, unless ``lazily``."""
        if _libc.umount2(os.fsencode(target), _LAZY if lazily else 0):
            _fail(target)

    def _mount(self, source: str, target: Path, kind: str, flags: int, options: str) -> None:
        arguments = [os.fsencode(part) for part in (source, target, kind)]
        if _libc.mount(*arguments, flags, options.encode()):
            _fail(target)
        self._stack.callback(self._forget, target)

    def _forget(self, target: Path) -> None:
        _libc.umount2(os.fsencode(target), _LAZY)


@contextmanager
def own_mounts() -> Iterator[Mounts]:
    """A mount namespace for this thread and what it starts; skips where that isn't permitted."""
    before = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    here = os.getcwd()  # noqa: PTH109
    try:
        if _libc.unshare(_CLONE_NEWNS):
            reason = os.strerror(ctypes.get_errno())
            pytest.skip(f"needs a mount namespace of its own (run as root): {reason}")
        if _libc.mount(b"none", b"/", None, _REC_PRIVATE, None):
            _fail(Path("/"))
        with ExitStack() as stack:
            yield Mounts(stack)
    finally:
        _libc.setns(before, _CLONE_NEWNS)  # else, with other threads, it ends with this process
        os.close(before)
        os.chdir(here)


def need_fuse() -> None:
    """Skips where there is no FUSE."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("needs /dev/fuse")


def _fail(target: Path) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), str(target))
