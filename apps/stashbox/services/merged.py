"""What boxes have merged: the id that survives is followed, and links move to it."""

from collections.abc import Iterable
from dataclasses import replace

from django.db import connection

from apps.core.errors import MediaHubError
from apps.stashbox.choices import Kind
from apps.stashbox.client import StashBoxClient
from apps.stashbox.schema import RemotePerformer

_MOST_STEPS = 5
_MOVE = """
    UPDATE stashbox_remotelink link SET remote_id = found.survivor
    FROM (
        SELECT DISTINCT ON (old.box_id, moved.survivor) old.id, moved.survivor
        FROM unnest(%s::bigint[], %s::text[], %s::text[]) moved(box_id, gone, survivor)
            JOIN stashbox_remotelink old
            ON old.box_id = moved.box_id AND old.kind = %s AND old.remote_id = moved.gone
        WHERE NOT EXISTS (
            SELECT FROM stashbox_remotelink other WHERE other.box_id = moved.box_id
                AND other.kind = old.kind AND other.remote_id = moved.survivor)
        ORDER BY old.box_id, moved.survivor, old.id
    ) found
    WHERE link.id = found.id
"""


class MergedInCircles(MediaHubError):
    """A box says that performers were merged into each other."""

    code = "merged_in_circles"
    status = 502


def survivor(performer: RemotePerformer) -> str:
    """The id under which a performer is known there now."""
    return performer.merged_into if performer.deleted and performer.merged_into else performer.id


def follow(client: StashBoxClient, performer: RemotePerformer) -> RemotePerformer:
    """The performer into which one was merged, as the box knows it.

    One that was deleted for good, or whose survivor isn't told, is itself.
    Raises MergedInCircles, BoxError.
    """
    seen = {performer.id}
    while (wanted := survivor(performer)) != performer.id:
        if wanted in seen or len(seen) > _MOST_STEPS:
            raise MergedInCircles(f"The box can't say who {performer.name} was merged into.")
        seen.add(wanted)
        found = client.find_performer(wanted)
        if found is None:
            return replace(performer, id=wanted, deleted=False, merged_into="")
        performer = found
    return performer


def move_links(kind: Kind, moves: Iterable[tuple[int, str, str]]) -> int:
    """Let what is linked to ids that are gone be linked to those that survive: box, gone, survivor.

    What survives and has a link keeps it. Returns how many moved, by one statement.
    """
    columns = [list(column) for column in zip(*moves, strict=True)]
    if not columns:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [*columns, kind])
        return int(cursor.rowcount)
