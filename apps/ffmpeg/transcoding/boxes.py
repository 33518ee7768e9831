"""Where an MP4's index stands: at the end, a player has to fetch the end before it can begin."""

import os

_MOST_BOXES = 1_000
_TOP = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"pdin", b"meta"})


def index_is_first(fd: int, size: int) -> bool | None:
    """Whether ``moov`` stands before ``mdat``; ``None`` for what is no MP4 or has only one."""
    at = 0
    seen: list[bytes] = []
    for _ in range(_MOST_BOXES):
        head = os.pread(fd, 16, at)
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if len(head) < 8 or (not seen and name not in _TOP):
            break
        seen.append(name)
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or at + length >= size:
            break
        at += length
    if b"moov" not in seen or b"mdat" not in seen:
        return None
    return seen.index(b"moov") < seen.index(b"mdat")
