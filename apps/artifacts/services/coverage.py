"""How far artifacts reach: made, missing, failed, stale and left over, in one query."""

from dataclasses import dataclass

from django.db import connection

from apps.artifacts.choices import ArtifactState
from apps.artifacts.services.kinds import ALL, parameters

_QUERY = """
    WITH way (kind, parameters, place) AS (
        SELECT * FROM unnest(%(kinds)s::text[], %(parameters)s::text[]) WITH ORDINALITY
    ), shown AS MATERIALIZED (
        SELECT video.id, video.library_id, file.content
        FROM library_video video JOIN library_file file ON file.id = video.primary_file_id
        WHERE video.missing_since IS NULL AND file.probe_state = 'done'
    ), size AS (
        SELECT library_id, count(*) AS videos FROM shown GROUP BY library_id
    ), tried AS (
        SELECT shown.library_id, artifact.kind,
            count(*) FILTER (WHERE fresh AND state = 'made') AS made,
            count(*) FILTER (WHERE fresh AND state = 'none') AS nothing,
            count(*) FILTER (WHERE fresh AND state = 'failed') AS failed,
            count(*) FILTER (WHERE NOT fresh) AS stale,
            sum(size_bytes) AS bytes
        FROM artifacts_artifact artifact
            JOIN shown ON shown.id = artifact.video_id
            JOIN way ON way.kind = artifact.kind
            CROSS JOIN LATERAL (
                SELECT artifact.source = shown.content
                    AND artifact.parameters = way.parameters AS fresh
            ) judged
        GROUP BY shown.library_id, artifact.kind
    ), leftover AS (
        SELECT library_id, kind, count(*) AS files, sum(size_bytes) AS bytes
        FROM artifacts_leftover WHERE due_at <= statement_timestamp() GROUP BY library_id, kind
    ), cell AS (
        SELECT library_id, kind FROM size CROSS JOIN way
        UNION SELECT library_id, kind FROM leftover
    )
    SELECT cell.library_id, cell.kind, coalesce(videos, 0), coalesce(made, 0),
        coalesce(nothing, 0), coalesce(failed, 0), coalesce(stale, 0),
        coalesce(videos, 0) - coalesce(made + nothing + failed + stale, 0),
        coalesce(leftover.files, 0), coalesce(leftover.bytes, 0)::bigint,
        coalesce(tried.bytes, 0)::bigint
    FROM cell
        LEFT JOIN way USING (kind)
        LEFT JOIN size ON size.library_id = cell.library_id
        LEFT JOIN tried ON (tried.library_id, tried.kind) = (cell.library_id, cell.kind)
        LEFT JOIN leftover ON leftover.library_id IS NOT DISTINCT FROM cell.library_id
            AND leftover.kind = cell.kind
    ORDER BY cell.library_id, place, cell.kind
"""
_REASONS = """
    SELECT kind, error, count(*) FROM artifacts_artifact
    WHERE state = %s GROUP BY kind, error ORDER BY count(*) DESC, kind, error
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind in one library (None: left over from libraries that are gone), in videos.

    ``nothing``: there is nothing to make it of; ``stale``: made, or tried, from other content or in
    another way; ``missing``: not tried. ``orphaned`` counts files that no artifact names.
    """

    library_id: int | None
    kind: str
    videos: int
    made: int
    nothing: int
    failed: int
    stale: int
    missing: int
    orphaned: int
    orphaned_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Failures:
    """How many videos have no artifact of a kind for one reason."""

    kind: str
    reason: str
    videos: int


def coverage() -> list[Cell]:
    """Every kind in every library."""
    ways = parameters(ALL)
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"kinds": list(ways), "parameters": list(ways.values())})
        return [Cell(*row) for row in cursor.fetchall()]


def failures() -> list[Failures]:
    """Why artifacts could not be made, the most frequent reasons first."""
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, [ArtifactState.FAILED])
        return [Failures(*row) for row in cursor.fetchall()]
