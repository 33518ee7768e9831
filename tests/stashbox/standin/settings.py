"""How the stand-in behaves, and what may go wrong there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

KEY = "a-key-that-may-edit"
READER = "a-key-that-may-read"
NOBODY = "a-key-that-may-nothing"


def _keys() -> dict[str, frozenset[str]]:
    return {
        KEY: frozenset({"READ", "VOTE", "EDIT"}),
        READER: frozenset({"READ"}),
        NOBODY: frozenset(),
    }


@dataclass(frozen=True, slots=True)
class Trouble:
    """What becomes of one request instead of its answer; with a delay alone, of its answer too."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0
    large_bytes: int = 0
    compressed: bool = False
    hangs_up: bool = False


def storm(*, retry_after: str | None = "1") -> Trouble:
    """Too many requests. ``retry_after`` is seconds or an HTTP date, as the header has it."""
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return Trouble(status=429, headers=headers, body=b"Too Many Attempts")


def failure(status: int = 502, *, retry_after: str | None = None) -> Trouble:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return Trouble(status=status, headers=headers, body=b"<h1>out of order</h1>")


def slow(seconds: float) -> Trouble:
    """The right answer, late."""
    return Trouble(delay_s=seconds)


def broken_json() -> Trouble:
    headers = {"content-type": "application/json"}
    return Trouble(status=200, headers=headers, body=b'{"data": {"version": {"hash"')


def other_json(body: bytes) -> Trouble:
    """JSON that isn't an answer of GraphQL, or is another one than was asked for."""
    return Trouble(status=200, headers={"content-type": "application/json"}, body=body)


def website() -> Trouble:
    headers = {"content-type": "text/html; charset=utf-8"}
    return Trouble(status=200, headers=headers, body=b"<!doctype html><title>hello</title>")


def large(size_bytes: int = 200_000_000, *, compressed: bool = False) -> Trouble:
    """An answer of that size, made while it is sent. ``compressed``: by gzip, on the way."""
    return Trouble(status=200, large_bytes=size_bytes, compressed=compressed)


def hang_up() -> Trouble:
    """The connection ends in the middle of the answer."""
    return Trouble(hangs_up=True)


@dataclass(slots=True)
class Settings:
    """May be changed while the stand-in runs.

    ``keys`` are API keys with their roles. ``distance`` is how many bits of a phash may differ.
    ``per_minute`` answers 429 to more requests than that in any 60 seconds. ``broken_scenes`` are
    ids in whose place an error is answered. ``without`` are fields, as ``Query.searchScenes``,
    that the server doesn't know. ``always`` is the trouble that every request has.
    """

    keys: dict[str, frozenset[str]] = field(default_factory=_keys)
    user: str = "tester"
    version: str = "v0.9.1"
    distance: int = 0
    most_scenes: int = 40
    most_prints: int = 1_000
    per_minute: int | None = None
    broken_scenes: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)
    always: Trouble | None = None
