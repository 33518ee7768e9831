"""Two faces of one moment are two people: who can't be one identity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from apps.core.errors import Conflict
from apps.core.units import say_timecode
from apps.faces.choices import Verdict

_TOLD = 3


class SameMoment(Conflict):
    """Two faces that were seen at one time would be one person; nothing was changed."""

    code = "same_moment"


@dataclass(frozen=True, slots=True)
class Clash:
    """A face that goes where another of its moment is, or goes as well (``moving``)."""

    track: int
    other: int
    confirmed: bool  # whether that other is
    moving: bool
    at_ms: int
    video: str


# faces that go to the same place are named once, the smaller id first
_FOUND = """
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[]) wanted(id, target)
)
SELECT one.id, other.id, other.verdict, also.id IS NOT NULL,
    (SELECT min(at) FROM unnest(one.times_ms) at WHERE at = ANY (other.times_ms)), video.title
FROM wanted
JOIN faces_track one ON one.id = wanted.id
JOIN faces_track other ON other.video_id = one.video_id AND other.id <> one.id
    AND other.times_ms && one.times_ms
JOIN library_video video ON video.id = one.video_id
LEFT JOIN wanted also ON also.id = other.id
WHERE wanted.target = CASE WHEN also.id IS NULL THEN other.identity_id ELSE also.target END
    AND (also.id IS NULL OR one.id < other.id)
ORDER BY one.id, other.id
"""


def clashes(targets: Mapping[int, int | None]) -> list[Clash]:
    """What would clash if each of these faces went to its identity. One statement."""
    going = {track: target for track, target in targets.items() if target is not None}
    if not going:
        return []
    leaving = dict.fromkeys(targets.keys() - going.keys())
    wanted = {**going, **leaving}
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [list(wanted), list(wanted.values())])
        return [
            Clash(one, other, verdict == Verdict.CONFIRMED, moving, at_ms, title)
            for one, other, verdict, moving, at_ms, title in cursor.fetchall()
        ]


def refuse_clashes(found: Iterable[Clash]) -> None:
    """Raises SameMoment, naming the first moments, if there are any."""
    told = list(found)
    if not told:
        return
    named = "; ".join(f"“{each.video}” at {say_timecode(each.at_ms)}" for each in told[:_TOLD])
    more = f" and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
    raise SameMoment(
        f"Two faces of one moment are two people: {named}{more}. "
        "Leave one of each pair out, or reject it first."
    )
