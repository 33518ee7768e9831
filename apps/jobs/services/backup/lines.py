"""Reading a backup: a job to a line, so that only one of them is in memory at a time.

A backup that somebody has laid out anew is read as a whole, if it is of moderate size.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

from apps.core.errors import MediaHubError

FORMAT, VERSION = "mediahub-jobs", 1
MOST_BYTES = 200 * 1000**2
_MOST_WHOLE_BYTES = 16 * 1000**2
_MOST_LINE_BYTES = 1000**2
_END = b"]}"
_OPENING = re.compile(rb'"jobs":\s*\[\s*$')
# a NUL, which PostgreSQL can't store; not a backslash before u0000
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class BadBackup(MediaHubError):
    """It is no backup, or something in it can't be: the text says where. Nothing was changed."""

    code = "bad_backup"


class TooLargeBackup(MediaHubError):
    """It exceeds ``MOST_BYTES``. Nothing was changed."""

    code = "too_large"
    status = 413


class Source(Protocol):
    """What can be read in lines: a file, the body of a request."""

    def readline(self, limit: int = -1, /) -> bytes: ...


def read(source: Source) -> tuple[dict[str, Any], Iterator[Any]]:
    """What stands before the jobs, and the jobs as they are read. Raises BadBackup, also later."""
    bounded = _Bounded(source)
    first = bounded.line(_MOST_WHOLE_BYTES)
    if _OPENING.search(first):
        head = _object(_parsed(first + _END, "The beginning"))
        _check_head(head)
        return head, _jobs(bounded)
    whole = _object(_parsed(first + bounded.rest(_MOST_WHOLE_BYTES), "The file"))
    _check_head(whole)
    jobs = whole.pop("jobs", None)
    if not isinstance(jobs, list):
        raise BadBackup("The file holds no list of jobs.")
    return whole, iter(jobs)


class _Bounded:
    """Lines, as long as neither one nor all of them are too long."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = MOST_BYTES

    def line(self, most: int) -> bytes:
        line = self._source.readline(most + 1)
        self._left -= len(line)
        if self._left < 0:
            raise TooLargeBackup(f"The backup exceeds {MOST_BYTES:,} bytes.")
        if len(line) > most:
            raise BadBackup(f"A line exceeds {most:,} bytes.")
        return line

    def rest(self, most: int) -> bytes:
        lines, size = [], 0
        while line := self.line(_MOST_WHOLE_BYTES):
            lines.append(line)
            size += len(line)
            if size > most:
                raise BadBackup(
                    f"A backup beyond {most:,} bytes must be laid out as it was written: "
                    "a job to a line."
                )
        return b"".join(lines)


def _jobs(bounded: _Bounded) -> Iterator[Any]:
    number = 0
    while line := bounded.line(_MOST_LINE_BYTES):
        text = line.strip()
        if text == _END:
            if bounded.rest(_MOST_LINE_BYTES).strip():
                raise BadBackup("Something follows after the end.")
            return
        if text:
            number += 1
            yield _parsed(text.removesuffix(b","), f"Job {number}")
    raise BadBackup(f"The backup was cut off after job {number}.")


def _parsed(text: bytes, what: str) -> Any:
    """JSON that PostgreSQL can store. Raises BadBackup."""
    try:
        value = json.loads(text.decode(), parse_constant=_refuse_constant)
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False)
        plain.encode()
    except RecursionError as error:
        raise BadBackup(f"{what} is nested too deeply.") from error
    except ValueError as error:
        raise BadBackup(f"{what} is no JSON that can be stored: {error}.") from error
    if "\\u0000" in plain and _NUL.search(plain):
        raise BadBackup(f"{what} holds the character 0, which can't be stored.")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadBackup("The file is no backup of jobs: give a JSON object.")
    return value


def _check_head(head: dict[str, Any]) -> None:
    if head.get("format") != FORMAT:
        raise BadBackup(f'The file is no backup of jobs: its "format" isn\'t "{FORMAT}".')
    if head.get("version") != VERSION:
        raise BadBackup(f"Backups of version {VERSION} can be read, this is another.")
