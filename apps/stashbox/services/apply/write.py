"""Writing what candidates change: each video once, its links beside, and an entry of the audit."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.library.models import Video, VideoPerformer, VideoTag
from apps.stashbox.choices import Kind
from apps.stashbox.services.apply.fields import State
from apps.stashbox.services.linking import MODELS

_COLUMNS = ("title", "details", "date", "urls", "studio")
_LINKS: dict[str, tuple[Kind, type[VideoTag] | type[VideoPerformer], str]] = {
    "tags": (Kind.TAG, VideoTag, "tag_id"),
    "performers": (Kind.PERFORMER, VideoPerformer, "performer_id"),
}
_UNLINK = """
    DELETE FROM {table} link USING unnest(%s::bigint[], %s::bigint[]) gone(video, label)
    WHERE link.video_id = gone.video AND link.{column} = gone.label
"""


@dataclass(slots=True)
class Work:
    """A locked video, what its fields come to be, and which of them change."""

    video: Video
    state: State
    before: State = field(init=False)
    changed: set[str] = field(default_factory=set)
    entry: AuditEntry | None = None

    def __post_init__(self) -> None:
        self.before = State.of(self.video)

    def give(self, name: str, value: Any, mark: dict[str, Any]) -> None:
        self.state.values[name] = value
        self.state.marks[name] = mark
        self.changed.add(name)

    def pair(self, name: str) -> tuple[Any, Any]:
        """The old and the new value, sets in order."""
        one, other = self.before.values[name], self.state.values[name]
        return (sorted(one), sorted(other)) if name in _LINKS else (one, other)

    def gone_and_come(self, name: str) -> tuple[set[int], set[int]]:
        one, other = (set(each) for each in self.pair(name))
        return one - other, other - one


def keep_labels(labels: set[tuple[Kind, int]]) -> set[tuple[Kind, int]]:
    """Those that are there still, kept until the transaction ends: nobody deletes or merges them
    meanwhile. One statement for each kind."""
    there = set()
    for kind in MODELS:
        rows = _held(kind, [pk for each, pk in labels if each == kind], "KEY SHARE")
        there |= {(kind, pk) for pk in rows}
    return there


def write(works: Sequence[Work], *, now: datetime) -> None:
    """Save what changed, and give each work its entry."""
    if not works:
        return
    _hold_counted(works)
    for work in works:
        _fill(work, now)
    columns = {name for work in works for name in work.changed if name in _COLUMNS}
    Video.objects.bulk_update(
        [work.video for work in works], [*sorted(columns), "version", "provenance", "updated_at"]
    )
    for name in _LINKS:
        _write_links(name, [work for work in works if name in work.changed])
    entries = []
    for work in works:
        work.entry = audit.entry(work.video, AuditAction.CHANGED, _changes(work))
        entries.append(work.entry)
    audit.record(entries)


def _fill(work: Work, now: datetime) -> None:
    video = work.video
    for name in work.changed & set(_COLUMNS):
        attribute = "studio_id" if name == "studio" else name
        setattr(video, attribute, work.state.values[name])
    video.version += 1
    video.provenance = work.state.marks
    video.updated_at = now


def _changes(work: Work) -> dict[str, tuple[Any, Any]]:
    names = sorted(work.changed)
    changes = {name: work.pair(name) for name in names}
    changes["provenance"] = audit.marks_of(work.before.marks, work.state.marks, names)
    return changes


def _hold_counted(works: Iterable[Work]) -> None:
    """In the order of their ids, before triggers count any: else two that count the same in
    another order would wait for each other."""
    ids: dict[Kind, set[int]] = defaultdict(set)
    for work in works:
        for name, (kind, _model, _column) in _LINKS.items():
            gone, come = work.gone_and_come(name)
            ids[kind] |= gone | come
        if "studio" in work.changed:
            ids[Kind.STUDIO] |= {pk for pk in work.pair("studio") if pk}
    for kind in MODELS:
        _held(kind, sorted(ids[kind]), "NO KEY UPDATE")


def _held(kind: Kind, ids: Iterable[int], strength: str) -> list[int]:
    wanted = list(ids)
    if not wanted:
        return []
    table = MODELS[kind]._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id = ANY (%s) ORDER BY id FOR {strength}",  # noqa: S608 - constants
            [wanted],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _write_links(name: str, works: Sequence[Work]) -> None:
    _kind, model, column = _LINKS[name]
    gone, come = [], []
    for work in works:
        lost, won = work.gone_and_come(name)
        gone += [(work.video.pk, pk) for pk in sorted(lost)]
        come += [(work.video.pk, pk) for pk in sorted(won)]
    if gone:
        sql = _UNLINK.format(table=model._meta.db_table, column=column)
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(each) for each in zip(*gone, strict=True)])
    if come:
        rows: list[models.Model] = [model(video_id=pk, **{column: label}) for pk, label in come]
        model._default_manager.bulk_create(rows, ignore_conflicts=True)  # type: ignore[arg-type]
