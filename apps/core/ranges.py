"""The Range header (RFC 9110, section 14): which bytes of a file are asked for."""

import re
from dataclasses import dataclass

from apps.core.errors import MediaHubError

_MOST_RANGES = 100
_ONE = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


class NotSatisfiable(MediaHubError):
    """None of the bytes that were asked for are in the file."""

    code = "range_not_satisfiable"
    status = 416


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of a file from ``start`` up to, but not including, ``end``."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def parse_range(header: str, *, size: int) -> Span | None:
    """The part of a file of ``size`` bytes that is asked for, None for the whole file.

    A header that isn't understood is passed over, as the RFC has it. Of several ranges the first
    that the file has is answered. Raises NotSatisfiable.
    """
    unit, equals, listed = header.partition("=")
    parts = [part.strip(" \t") for part in listed.split(",")]
    parts = [part for part in parts if part]
    if not equals or unit.strip().lower() != "bytes" or not 0 < len(parts) <= _MOST_RANGES:
        return None
    found = [_ONE.fullmatch(part) for part in parts]
    spans: list[Span] = []
    for one in found:
        if one is None or not _is_sensible(one[1], one[2]):
            return None
        spans.append(_span(one[1], one[2], size))
    fitting = next((span for span in spans if span.size > 0), None)
    if fitting is None:
        raise NotSatisfiable(f"The file has {size} bytes; none of those asked for is among them.")
    return fitting


def _is_sensible(first: str, last: str) -> bool:
    return bool(first or last) and not (first and last and int(first) > int(last))


def _span(first: str, last: str, size: int) -> Span:
    """What there is of it; nothing, if it begins behind the end."""
    if not first:
        return Span(max(size - int(last), 0), size)
    end = min(int(last) + 1, size) if last else size
    return Span(int(first), max(end, int(first)))
