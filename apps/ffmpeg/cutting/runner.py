"""Our side of the cutting children."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apps
from apps.core import process
from apps.ffmpeg.cutting.orders import CutFailed

_SOURCES = Path(apps.__file__).parents[1]
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
_TURN_S = 0.25
_PART_BYTES = 1 << 16

Told = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None:
    """Told of progress that nobody watches."""


def ask(
    deed: str,
    *,
    silence_s: float,
    memory_bytes: int,
    told: Told = _silent,
    **arguments: Any,
) -> dict[str, Any]:
    """Have a child do one deed; bytes among the arguments are paths.

    ``told`` is called several times a second with what is done and to be done, in milliseconds of
    the video (0: not known), and may raise to end the child. Raises CutFailed, with the child's own
    code, also if nothing was heard of it for ``silence_s``.
    """
    order = {"deed": deed, **{name: _plain(value) for name, value in arguments.items()}}
    command = [sys.executable, "-X", "utf8", "-m", "apps.ffmpeg.cutting.child"]
    child = process.spawn(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT, cwd=_SOURCES, limits=process.Limits(memory_bytes=memory_bytes),
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.close()
        return _listen(child, silence_s, told)
    except BrokenPipeError:
        raise CutFailed("The program that cuts files could not be started.") from None
    finally:
        process.kill(child)


def _listen(child: "subprocess.Popen[bytes]", silence_s: float, told: Told) -> dict[str, Any]:
    done = total = 0
    for line in _lines(child, silence_s):
        if line:
            message = json.loads(line)
            if "answer" in message:
                return dict(message["answer"])
            if "error" in message:
                failed = CutFailed(message["message"])
                failed.code = message["error"]
                raise failed
            if message["done"]:  # else it only lives
                done, total = message["done"], message["total"]
        told(done, total)
    raise CutFailed("The program that cuts files crashed at this one.")


def _lines(child: "subprocess.Popen[bytes]", silence_s: float) -> Iterator[bytes]:
    """Lines as they come, and an empty one several times a second. Raises CutFailed."""
    assert child.stdout is not None
    source, rest, heard_at = child.stdout.fileno(), b"", time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while True:
            if not selector.select(_TURN_S):
                if time.monotonic() - heard_at > silence_s:
                    raise CutFailed("The disk, or the file, kept the program waiting for too long.")
                yield b""
                continue
            part = os.read(source, _PART_BYTES)
            if not part:
                return
            heard_at = time.monotonic()
            *lines, rest = (rest + part).split(b"\n")
            yield from (line for line in lines if line)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
