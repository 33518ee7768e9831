"""A yes that several processes share."""

import time
from multiprocessing.sharedctypes import RawValue
from typing import Any

_LOOK_EVERY_S = 0.1


class Flag:
    """Like ``multiprocessing.Event``, but without a lock, which a killed process takes with it.

    So whoever sets it never waits, and it may be set in a signal handler. Share it by fork.
    """

    def __init__(self) -> None:
        self._value: Any = RawValue("b", 0)

    def set(self) -> None:
        self._value.value = 1

    def is_set(self) -> bool:
        return bool(self._value.value)

    def wait(self, timeout: float | None = None) -> bool:
        """Look a few times a second until it is set or ``timeout`` seconds are over."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = _LOOK_EVERY_S if until is None else until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _LOOK_EVERY_S))
        return True
