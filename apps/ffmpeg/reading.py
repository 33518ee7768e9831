"""Reads a whole file once although two want it: the decoder, and the checksum that follows it."""

import hashlib
import os
import time
from collections.abc import Callable
from typing import Any

_BLOCK_BYTES = 4 << 20
_BEAT_S = 1.0


class Reading:
    """Follows a decoder through the open file ``fd``: keeps it to a rate, tells that it lives.

    With ``want_md5`` the bytes that the decoder has just read, which are still in memory, are
    hashed behind it. ``beat`` is called about once a second, while it waits, too.
    """

    def __init__(
        self, fd: int, *, beat: Callable[[], None], want_md5: bool, bytes_per_second: int | None
    ) -> None:
        self._fd = fd
        self._beat = beat
        self._digest: Any = hashlib.md5(usedforsecurity=False) if want_md5 else None
        self._rate = bytes_per_second
        self._hashed = 0
        self._read = 0
        self._began = self._beaten = time.monotonic()

    def passed(self, size: int, *, position: int | None) -> None:
        """The decoder took ``size`` bytes that stand at ``position``. Raises OSError."""
        self._read += size
        while self._digest and position is not None and position - self._hashed >= _BLOCK_BYTES:
            if not self._hash_block():
                break
        self.keep_pace()

    def finish(self) -> str:
        """Read what is left; the MD5 of every byte as 32 hex digits, or ``""`` if it isn't wanted.

        Raises OSError.
        """
        if not self._digest:
            return ""
        while self._hash_block():
            self.keep_pace()
        return str(self._digest.hexdigest())

    def keep_pace(self) -> None:
        """Wait until no more was read than the rate allows."""
        while True:
            now = time.monotonic()
            if now - self._beaten >= _BEAT_S:
                self._beat()
                self._beaten = now
            if not self._rate:
                return
            early_s = max(self._read, self._hashed) / self._rate - (now - self._began)
            if early_s <= 0:
                return
            time.sleep(min(early_s, _BEAT_S))

    def _hash_block(self) -> bool:
        block = os.pread(self._fd, _BLOCK_BYTES, self._hashed)
        self._digest.update(block)
        self._hashed += len(block)
        return bool(block)
