"""Log lines: JSON for programs, or one readable line, both with whatever is being worked on.

Every line is printable, whatever a file's name brought along, and bounded. What is logged of a
request is its id, method and path, never its query, headers or body.
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter as _JsonFormatter

from apps.core import context

_LONGEST_MESSAGE, _LONGEST_TRACE = 8_000, 16_000
_HEAD = ("ts", "level", "logger", "message")
_TOLD = ("file", "request_id")  # to people; the JSON has the rest
# control characters, line and paragraph ends, marks that turn the direction, bytes that are no text
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSPEAKABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class JsonFormatter(_JsonFormatter):
    """One JSON object a line: ``ts`` (UTC), ``level``, ``logger``, ``message``, then the fields of
    ``apps.core.context`` and of ``extra``, then ``exc``, the traceback."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False, json_default=str)

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        given: dict[str, Any] = {}
        super().add_fields(given, record, message_dict)
        message, trace = str(given.pop("message", "")), given.pop("exc_info", None)
        given.pop("color_message", None)  # uvicorn's, for terminals
        request = given.pop("request", None)
        if hasattr(request, "method") and hasattr(request, "path"):
            given |= {"method": request.method, "path": request.path}
        log_data |= {
            "ts": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": printable(message)[:_LONGEST_MESSAGE],
        }
        fields = context.log_fields() | {
            key: value for key, value in given.items() if key not in _HEAD
        }
        log_data |= {key: _plain(value) for key, value in fields.items()}
        if trace:
            log_data["exc"] = _UNSPEAKABLE.sub(_escape, str(trace))[-_LONGEST_TRACE:]


class PlainFormatter(JsonFormatter):
    """The same for people: one line, and the traceback below it."""

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        return _say(log_data)


def readable(line: str) -> str:
    """A line of JsonFormatter as PlainFormatter says it; any other as it is."""
    if not line.startswith('{"ts":'):
        return line
    try:
        return _say(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError):
        return line


def json_line(logger: str, message: str, *, now: float, level: str = "INFO") -> str:
    """A JSON line of a program that doesn't configure logging; ``now`` in seconds since 1970."""
    record = logging.makeLogRecord(
        {"name": logger, "msg": message, "levelname": level, "created": now}
    )
    return JsonFormatter().format(record)


def printable(text: str | bytes) -> str:
    """Text on one line; bytes that are no text as ``\\xNN``, control characters escaped."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return _UNPRINTABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name, as Python decodes it
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")


def _say(fields: Mapping[str, Any]) -> str:
    rest = " ".join(f"{name}={fields[name]}" for name in _TOLD if name in fields)
    line = f"{fields['ts']} {fields['level']} {fields['logger']}: {fields['message']}"
    return "\n".join(filter(None, [f"{line} [{rest}]" if rest else line, fields.get("exc")]))


def _time(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str | bytes) else str(value)
    return printable(text)[:_LONGEST_MESSAGE]
