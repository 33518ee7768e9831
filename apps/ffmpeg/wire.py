"""Frames between us and a helper process: four bytes of length, then that many bytes of JSON."""

import json
import os
from typing import Any

_LENGTH = 4
LONGEST_FRAME = 16 << 20
ALIVE = "alive"  # what a helper says in place of a result: before the first, and in long readings


class WireBroken(Exception):
    """The other end is gone, or what it sent is not a frame."""


def encode(message: Any) -> bytes:
    """One frame."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return len(body).to_bytes(_LENGTH, "big") + body


def decode_all(buffer: bytearray) -> list[Any]:
    """Take every whole frame from the front of ``buffer``. Raises WireBroken."""
    messages = []
    while len(buffer) >= _LENGTH:
        length = int.from_bytes(buffer[:_LENGTH], "big")
        if length > LONGEST_FRAME:
            raise WireBroken
        if len(buffer) < _LENGTH + length:
            break
        try:
            messages.append(json.loads(bytes(buffer[_LENGTH : _LENGTH + length])))
        except (ValueError, RecursionError) as error:
            raise WireBroken from error
        del buffer[: _LENGTH + length]
    return messages


def read_frame(fd: int) -> Any:
    """Wait for one frame; ``None`` at the end. Raises WireBroken."""
    head = _read_exactly(fd, _LENGTH)
    if not head:
        return None
    return json.loads(_read_exactly(fd, int.from_bytes(head, "big")))


def write_all(fd: int, data: bytes) -> None:
    """Write everything. Raises WireBroken when nobody reads any more."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except BrokenPipeError as error:
        raise WireBroken from error


def _read_exactly(fd: int, length: int) -> bytes:
    parts = b""
    while len(parts) < length:
        part = os.read(fd, length - len(parts))
        if not part:
            if parts:
                raise WireBroken
            break
        parts += part
    return parts
