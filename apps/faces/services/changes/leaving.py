"""What a machine leaves alone of what it wanted, for people have spoken since it looked."""

from collections.abc import Mapping
from typing import Any

from apps.faces.models import Identity
from apps.faces.services.changes import write
from apps.faces.services.changes.clashes import clashes

Rows = Mapping[int, Identity]
Fields = dict[int, dict[str, Any]]

_TURNS = 20


def permitted(
    after: write.Known, fields: Fields, before: write.Known, rows: Rows
) -> tuple[write.Known, Fields]:
    """What is left of the moves and of the identities' fields. ``rows`` are the identities, held,
    ``before`` where faces are."""
    return _moves(after, before, rows), _fields(fields, rows)


def _moves(after: write.Known, before: write.Known, rows: Rows) -> write.Known:
    """Without faces of somebody of whom a person has spoken, such as would come to one from
    elsewhere or to nobody who stands, and without those that were rejected there, or that would
    share a moment with another."""
    free = {
        pk: state
        for pk, state in after.items()
        if _may_go(before[pk].identity, state.identity, rows)
    }
    rejected = write.rejected(free)
    free = {pk: state for pk, state in free.items() if (pk, state.identity) not in rejected}
    for turn in range(_TURNS):
        found = clashes({pk: state.identity for pk, state in free.items()})
        if not found:
            return free
        # who stays may be in the way of others who come: once more
        staying = {clash.track for clash in found}
        if turn + 2 >= _TURNS:
            staying = set(free)
        free = {pk: state for pk, state in free.items() if pk not in staying}
    return free


def _fields(fields: Fields, rows: Rows) -> Fields:
    """Without those of whom a person has spoken, or who would be merged into nobody who stands."""
    return {
        pk: values
        for pk, values in fields.items()
        if pk in rows and not _is_spoken(rows[pk]) and _stands(values.get("merged_into"), rows)
    }


def _may_go(source: int | None, target: int | None, rows: Rows) -> bool:
    if not _stands(target, rows):
        return False
    if source is None:
        return True
    return not any(_is_spoken(rows[pk]) for pk in (source, target) if pk is not None)


def _stands(pk: int | None, rows: Rows) -> bool:
    if pk is None:
        return True
    return pk in rows and rows[pk].merged_into_id is None and not rows[pk].opted_out


def _is_spoken(row: Identity) -> bool:
    return row.settled or row.ignored or row.opted_out or row.performer_id is not None
