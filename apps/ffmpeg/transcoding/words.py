"""What a program says on stderr: bounded, since a damaged file makes ffmpeg talk without end."""

from collections import deque

_FIRST, _LAST = 40, 60
_LONGEST = 500


class Words:
    """Keeps the first and the last lines; ``left_out`` counts those between."""

    def __init__(self) -> None:
        self.left_out = 0
        self._rest = b""
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=_LAST)

    def feed(self, part: bytes) -> None:
        """More of it, wherever it is cut."""
        *lines, rest = (self._rest + part).replace(b"\r", b"\n").split(b"\n")
        self._rest = rest[:_LONGEST]
        for line in lines:
            self._keep(line)

    def lines(self) -> tuple[str, ...]:
        """All that was kept, with what has no end of line yet."""
        if self._rest:
            self._keep(self._rest)
            self._rest = b""
        return (*self._first, *self._last)

    def _keep(self, line: bytes) -> None:
        text = line[:_LONGEST].decode("utf-8", "replace").strip()
        if not text:
            return
        if len(self._first) < _FIRST:
            self._first.append(text)
            return
        if len(self._last) == _LAST:
            self.left_out += 1
        self._last.append(text)
