"""Writing performers on videos: links, marks and the audit, by as many statements as for one."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.core import audit, context
from apps.core.models import AuditAction
from apps.library.models import Performer, Video, VideoPerformer

FIELD = "performers"
SOURCE = "faces"  # in a video's provenance
_UNLINK = """
DELETE FROM library_videoperformer link USING unnest(%s::bigint[], %s::bigint[]) gone(video, who)
WHERE link.video_id = gone.video AND link.performer_id = gone.who
"""


@dataclass(slots=True)
class Links:
    """Performers that come on videos, and that go."""

    come: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    gone: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def give(self, pair: tuple[int, int]) -> None:
        self.come[pair[0]].add(pair[1])

    def take(self, pair: tuple[int, int]) -> None:
        self.gone[pair[0]].add(pair[1])


def is_persons(video: Video) -> bool:
    """Whether a person gave the video its performers by hand."""
    return _source(video) == "person"


def is_ours(video: Video) -> bool:
    """Whether nobody has given the video its performers since we put some there."""
    return _source(video) == SOURCE


def _source(video: Video) -> str:
    mark = video.provenance.get(FIELD)
    return str(mark.get("source")) if isinstance(mark, dict) else ""


def put_on_videos(
    links: Links, videos: Mapping[int, Video], *, still: Collection[int], now: datetime
) -> None:
    """Videos are held by the caller, and change once each. ``still`` are those that have others for
    their faces."""
    changed = [videos[pk] for pk in sorted(links.come.keys() | links.gone.keys())]
    if not changed:
        return
    ids = {pk for side in (links.come, links.gone) for each in side.values() for pk in each}
    # before triggers count any, in order: see stashbox.services.apply.write
    list(Performer.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    entries = []
    for video in changed:
        before, marks = set(video.performer_ids), dict(video.provenance)
        after = (before | links.come.get(video.pk, set())) - links.gone.get(video.pk, set())
        video.provenance = {**video.provenance}
        if video.pk in links.come:
            video.provenance[FIELD] = _ours(video, now)
        elif (mark := mark_without(video, still=video.pk in still)) is not None:
            video.provenance[FIELD] = mark
        else:
            video.provenance.pop(FIELD, None)
        video.version += 1
        video.updated_at = now
        entries.append(
            audit.entry(
                video, AuditAction.CHANGED,
                {
                    FIELD: (sorted(before), sorted(after)),
                    "provenance": audit.marks_of(marks, video.provenance, [FIELD]),
                },
            )
        )  # fmt: skip
    Video.objects.bulk_update(changed, ["version", "provenance", "updated_at"])
    _write_links(links)
    audit.record(entries)


def mark_without(video: Video, *, still: bool) -> Any:
    """Whose mark a video's performers bear once one that came for a face has gone: ours as long as
    there are others (``still``), then the one before."""
    mark = video.provenance.get(FIELD)
    if still or not isinstance(mark, dict) or mark.get("source") != SOURCE:
        return mark
    return mark.get("before")


def _ours(video: Video, now: datetime) -> dict[str, Any]:
    """With the mark that was there before, which comes back with the last who is taken off."""
    given = {"source": SOURCE, "by": context.current().user_id, "at": now.isoformat()}
    before = mark_without(video, still=False)
    return {**given, "before": before} if before else given


def _write_links(links: Links) -> None:
    gone = [(video, pk) for video, each in links.gone.items() for pk in sorted(each)]
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(_UNLINK, [list(each) for each in zip(*gone, strict=True)])
    come = [
        VideoPerformer(video_id=video, performer_id=pk)
        for video, each in sorted(links.come.items())
        for pk in sorted(each)
    ]
    if come:
        VideoPerformer.objects.bulk_create(come, ignore_conflicts=True)
