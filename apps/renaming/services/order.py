"""What the files of one batch want of one another: who gets a name, who goes first, who steps
aside."""

from collections.abc import Iterator, Mapping

from django.db import connection, transaction

from apps.renaming.choices import Reason
from apps.renaming.models import Rename, RenameBatch

# Two that want one name: neither gets it.
_SAME_NAME = """
    UPDATE renaming_rename line SET state = 'refused', reason = %s
    FROM (
        SELECT library_id, new_key FROM renaming_rename
        WHERE batch_id = %s AND state = 'planned'
        GROUP BY library_id, new_key HAVING count(*) > 1
    ) twice
    WHERE line.batch_id = %s AND line.state = 'planned'
        AND line.library_id = twice.library_id AND line.new_key = twice.new_key
"""

# A name is free only if whoever has it leaves it; so who waits for one that stays has to stay, too.
_STUCK = """
    WITH RECURSIVE waits AS (
        SELECT line.id, holder.id AS holder
        FROM renaming_rename line LEFT JOIN renaming_rename holder
            ON holder.batch_id = line.batch_id AND holder.library_id = line.library_id
            AND holder.old_key = line.new_key AND holder.state = 'planned' AND holder.id <> line.id
        WHERE line.batch_id = %s AND line.state = 'planned' AND line.taken
    ), stuck AS (
        SELECT id FROM waits WHERE holder IS NULL
        UNION
        SELECT waits.id FROM waits JOIN stuck ON waits.holder = stuck.id
    )
    UPDATE renaming_rename line SET state = 'refused', reason = %s
    FROM stuck WHERE line.id = stuck.id
"""

_WAITS = """
    SELECT line.id, holder.id
    FROM renaming_rename line JOIN renaming_rename holder
        ON holder.batch_id = line.batch_id AND holder.library_id = line.library_id
        AND holder.old_key = line.new_key AND holder.state = 'planned' AND holder.id <> line.id
    WHERE line.batch_id = %s AND line.state = 'planned' AND line.taken
"""


@transaction.atomic
def settle(batch: RenameBatch) -> None:
    """Refuse what can't be, and put the rest in an order in which every name is free in time."""
    with connection.cursor() as cursor:
        cursor.execute(_SAME_NAME, [Reason.SAME_NAME, batch.pk, batch.pk])
        cursor.execute(_STUCK, [batch.pk, Reason.TAKEN])
        cursor.execute(_WAITS, [batch.pk])
        waits = dict(cursor.fetchall())
    steps, aside = ordered(waits)
    lines = Rename.objects.in_bulk(list(steps))
    for pk, line in lines.items():
        line.step = steps[pk]
        if pk in aside:
            line.via = _aside(line)
    Rename.objects.bulk_update(lines.values(), ["step", "via"], batch_size=500)


def ordered(waits: Mapping[int, int]) -> tuple[dict[int, int], set[int]]:
    """The steps in which lines come that wait for others, and those that step aside first.

    Each waits for one at most, and no two for the same: they are chains and rings.
    """
    steps: dict[int, int] = {}
    aside: set[int] = set()
    ends = set(waits.values()) - set(waits)
    waiter = {holder: line for line, holder in waits.items()}
    for end in ends:
        steps |= {line: step for step, line in enumerate(_chain(waiter, end))}
    for first in waits:
        if first in steps:
            continue
        # whoever waits for the place of the one that steps aside begins; that comes last itself
        aside.add(first)
        ring = _chain(waiter, waiter[first], stop=waiter[first])
        steps |= {line: step for step, line in enumerate(ring)}
    return steps, aside


def _chain(waiter: Mapping[int, int], start: int, *, stop: int | None = None) -> Iterator[int]:
    line: int | None = start
    while line is not None:
        yield line
        line = waiter.get(line)
        if line == stop:
            return


def _aside(line: Rename) -> bytes:
    """A name beside the old one that nothing else has."""
    folder, slash, name = bytes(line.old).rpartition(b"/")
    _, dot, extension = name.rpartition(b".")
    return b"%s%s.mediahub-rename-%d%s%s" % (folder, slash, line.pk, dot, extension if dot else b"")
