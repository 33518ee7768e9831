"""Whose turn it is: all programs on all machines together stay below a box's rate.

A row's ``next_request_at`` is the first time that nobody has taken. A turn is taken by one
statement, by the database's clock, for those of several machines differ.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from apps.core.errors import MediaHubError
from apps.stashbox.models import StashBox

PATIENCE_S = 900.0
_MOST_PUT_OFF_S = 86_400.0

# Turns lie a little farther apart than they might: the minute that a server counts may begin with
# a request that was late, and must not end with one too many.
_TAKE = """
    UPDATE stashbox_stashbox
    SET next_request_at = greatest(next_request_at, clock_timestamp())
        + make_interval(secs => 61.0 / requests_per_minute)
    WHERE id = %s AND coalesce(next_request_at, '-infinity')
        <= clock_timestamp() + make_interval(secs => %s)
    RETURNING extract(epoch FROM next_request_at - clock_timestamp())
        - 61.0 / requests_per_minute
"""

_PUT_OFF = """
    UPDATE stashbox_stashbox
    SET next_request_at = greatest(next_request_at, clock_timestamp() + make_interval(secs => %s))
    WHERE id = %s
"""


class NoTurn(MediaHubError):
    """A box's next turn is farther away than anybody waits, or the box was deleted."""

    code = "no_turn"
    status = 503
    passing = True


def wait_for_turn(
    box: StashBox, *, sleep: Callable[[float], object] = time.sleep, patience_s: float = PATIENCE_S
) -> None:
    """Take the next turn of a box and wait until it has come.

    Nothing is locked meanwhile; so a caller that holds a transaction is refused (RuntimeError).
    Raises NoTurn, having taken none, if the next is more than ``patience_s`` away.
    """
    row = _execute(_TAKE, [box.pk, patience_s])
    if row is None:
        raise NoTurn(f"{box} has asked for some patience. Try again later.")
    if (seconds := float(row[0])) > 0:
        sleep(seconds)


def put_off(box: StashBox, seconds: float) -> None:
    """Let nobody ask a box for so long, at most a day: it said that it has enough."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, [max(0.0, min(seconds, _MOST_PUT_OFF_S)), box.pk])


def _execute(sql: str, parameters: list[Any]) -> Any:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
