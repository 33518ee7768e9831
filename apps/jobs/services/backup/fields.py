"""What a backup may say: each field of a job, a schedule and a hold, checked before it is used."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.jobs.choices import JobState, Queue
from apps.jobs.services.backup.lines import BadBackup

Check = Callable[[Any], Any]
_SMALL, _LARGE = 2**15 - 1, 2**63 - 1
_YEARS = 1800, 2200  # the urgency of what is hurried lies long ago; beyond, sums of times overflow


def read_fields(given: Any, fields: Mapping[str, Check], what: str) -> dict[str, Any]:
    """The values of an object that has just these fields. Raises BadBackup, naming ``what``."""
    if not isinstance(given, dict):
        raise BadBackup(f"{what} is no JSON object.")
    if unknown := sorted(set(given) - set(fields)):
        raise BadBackup(f"{what} has a field that isn't known: {unknown[0][:50]}.")
    if lacking := [name for name in fields if name not in given]:
        raise BadBackup(f"{what} lacks {', '.join(lacking)}.")
    values = {}
    for name, check in fields.items():
        try:
            values[name] = check(given[name])
        except (ValueError, OverflowError) as error:
            raise BadBackup(f"{what}: {name}: {error}") from error
    return values


def _text(most: int, *, least: int = 0) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise ValueError(f"give a text of {least} to {most:,} characters.")
        return value

    return check


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"give a whole number from {least:,} to {most:,}.")
        return value

    return check


def _choice(choices: list[str]) -> Check:
    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"give one of {', '.join(choices)}.")
        return str(value)

    return check


def _or_none(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("give true or false.")  # noqa: TRY004 - of the one kind that is caught
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("give a JSON object.")  # noqa: TRY004
    return value


def _time(value: Any) -> datetime:
    text = "give a time such as 2026-11-21T12:00:00Z."
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(text) from error
    if time.tzinfo is None or not _YEARS[0] <= time.year <= _YEARS[1]:
        raise ValueError(text)
    return time.astimezone(UTC)


def _uid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError("give a UUID.") from error


def _uids(value: Any) -> list[UUID]:
    if not isinstance(value, list):
        raise ValueError("give a list of UUIDs.")  # noqa: TRY004
    return [_uid(each) for each in dict.fromkeys(map(str, value))]


JOB: dict[str, Check] = {
    "uid": _uid,
    "kind": _text(60, least=1),
    "state": _choice(JobState.values),
    "queue": _choice(Queue.values),
    "priority": _whole(-_SMALL, _SMALL),
    "params": _object,
    "dedupe_key": _text(200),
    "parent": _or_none(_uid),
    "item": _text(200),
    "is_batch": _flag,
    "after": _uids,
    "lane": _text(200),
    "lane_limit": _whole(0, _SMALL),
    "target_type": _text(60),
    "target_id": _or_none(_whole(-_LARGE, _LARGE)),
    "requested_by": _or_none(_text(150)),
    "created_at": _time,
    "run_at": _or_none(_time),
    "urgency": _time,
    "started_at": _or_none(_time),
    "finished_at": _or_none(_time),
    "attempt": _whole(0, _SMALL),
    "max_attempts": _whole(1, _SMALL),
    "crashes": _whole(0, _SMALL),
    "quarantined": _flag,
    "evidence": _object,
    "done": _whole(-_LARGE, _LARGE),
    "total": _or_none(_whole(-_LARGE, _LARGE)),
    "unit": _text(20),
    "facts": _object,
    "summary": _object,
    "error_type": _text(100),
    "error_message": _text(100_000),
}
SCHEDULE: dict[str, Check] = {
    "name": _text(100, least=1),
    "kind": _text(60, least=1),
    "params": _object,
    "cron": _text(100, least=1),
    "priority": _whole(-_SMALL, _SMALL),
    "enabled": _flag,
}
HOLD: dict[str, Check] = {
    "queue": _choice(["", *Queue.values]),
    "kind": _text(60),
    "reason": _text(200),
}
