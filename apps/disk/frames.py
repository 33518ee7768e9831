"""Frames between us and a disk child: four bytes of length, then a value that marshal takes.

Both ends are our own code of one Python, so marshal is safe here: it keeps bytes as they are and is
many times quicker than JSON, which a walk of a million files notices.
"""

import marshal
import os
from typing import Any

_LENGTH = 4


class PeerGone(Exception):
    """The other end has closed the pipe."""


def write(fd: int, value: Any) -> None:
    """Raises PeerGone."""
    body = marshal.dumps(value)
    rest = memoryview(len(body).to_bytes(_LENGTH, "big") + body)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except BrokenPipeError as error:
        raise PeerGone from error


def read(fd: int) -> Any:
    """Wait for one frame. Raises PeerGone at the end."""
    return marshal.loads(_exactly(fd, int.from_bytes(_exactly(fd, _LENGTH), "big")))  # noqa: S302


def take_all(buffer: bytearray) -> list[Any]:
    """Take every whole frame from the front of ``buffer``."""
    values: list[Any] = []
    at = 0
    while len(buffer) - at >= _LENGTH:
        end = at + _LENGTH + int.from_bytes(buffer[at : at + _LENGTH], "big")
        if end > len(buffer):
            break
        values.append(marshal.loads(memoryview(buffer)[at + _LENGTH : end]))  # noqa: S302
        at = end
    del buffer[:at]
    return values


def _exactly(fd: int, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = os.read(fd, length - len(parts))
        if not part:
            raise PeerGone
        parts += part
    return bytes(parts)
