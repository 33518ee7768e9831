"""Markers of a video out into files and in from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.library.models import Marker, Tag, Video
from apps.markers.services.formats import Cue, Format

_BATCH = 1_000


class Mode(models.TextChoices):
    """What an import does with the markers that the video has."""

    ADD = "add", "Add to those there are"
    REPLACE = "replace", "Replace those there are"


@dataclass(slots=True)
class Imported:
    """What an import came to, or would come to; ``beyond`` counts markers past the video's end."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0
    beyond: int = 0
    new_tags: list[str] = field(default_factory=list)
    unknown_tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Changes:
    added: list[Marker] = field(default_factory=list)
    changed: list[tuple[Marker, dict[str, tuple[Any, Any]]]] = field(default_factory=list)
    removed: list[Marker] = field(default_factory=list)


def cues_of(video: Video) -> list[Cue]:
    """A video's markers, in order. One query."""
    rows = video.markers.order_by("start_ms", "pk").values_list(
        "start_ms", "end_ms", "title", "tag__name", "color"
    )
    return [Cue(start, end, title, tag or "", color) for start, end, title, tag, color in rows]


def export_markers(video: Video, to: Format) -> str:
    """The text of a file with the video's markers."""
    return to.write(cues_of(video), duration_ms=video.duration_ms)


def import_markers(
    video: Video,
    cues: Sequence[Cue],
    *,
    mode: Mode = Mode.ADD,
    may_make_tags: bool = True,
    dry_run: bool = False,
) -> Imported:
    """Give a video the markers of a file. Those there already (start, end, title) aren't doubled.

    With Mode.REPLACE it has afterwards just those of the file. Tags are found by name; those that
    don't exist are made, or left out unless ``may_make_tags``. Every change is in the audit; with
    ``dry_run`` nothing is written.
    """
    with transaction.atomic():
        Video.objects.select_for_update(no_key=True).get(pk=video.pk)  # imports at once: one waits
        told = Imported()
        end_ms = video.duration_ms
        told.beyond = sum(end_ms is not None and cue.start_ms > end_ms for cue in cues)
        tags = _tags(cues, told, may_make=may_make_tags, dry_run=dry_run)
        changes = _compare(video, cues, tags, mode)
        told.added, told.changed = len(changes.added), len(changes.changed)
        told.removed = len(changes.removed)
        told.same = len(cues) - told.added - told.changed
        if not dry_run:
            _write(changes)
    return told


def _tags(cues: Iterable[Cue], told: Imported, *, may_make: bool, dry_run: bool) -> dict[str, Tag]:
    """The tags that are named, by their names as the cues write them."""
    wanted = {name for cue in cues if (name := _tag_name(cue))}
    tags = _named(wanted)
    unknown = wanted - set(tags)
    lacking = [*{name.lower(): name for name in sorted(unknown)}.values()]
    if not may_make:
        told.unknown_tags = lacking
        return tags
    told.new_tags = lacking
    if dry_run or not lacking:
        return tags | {name: Tag(name=name) for name in unknown}
    # another import may make the same ones at this moment
    new = [Tag(name=name) for name in lacking]
    Tag.objects.bulk_create(new, batch_size=_BATCH, ignore_conflicts=True)
    made = _named(unknown)
    audit.record(audit.entry(tag, AuditAction.CREATED, {}) for tag in set(made.values()))
    return tags | made


def _named(names: Iterable[str]) -> dict[str, Tag]:
    """Tags by names in any case: the database says what that is, as it does in its constraint."""
    found: Any = Tag.objects.raw(
        "SELECT tag.*, wanted FROM unnest(%s::text[]) wanted"
        " JOIN library_tag tag ON lower(tag.name) = lower(wanted)",
        [list(names)],
    )
    return {tag.wanted: tag for tag in found}


def _tag_name(cue: Cue) -> str:
    return " ".join(cue.tag.split())


def _compare(video: Video, cues: Iterable[Cue], tags: dict[str, Tag], mode: Mode) -> _Changes:
    there = {(m.start_ms, m.end_ms, m.title): m for m in video.markers.order_by("-pk")}
    kept = set[tuple[int, int | None, str]]()
    changes = _Changes()
    for cue in cues:
        key = (cue.start_ms, cue.end_ms, cue.title)
        tag = tags.get(_tag_name(cue))
        if key in kept:
            continue
        kept.add(key)
        if key not in there:
            changes.added.append(
                Marker(
                    video=video,
                    start_ms=cue.start_ms,
                    end_ms=cue.end_ms,
                    title=cue.title,
                    tag=tag,
                    color=cue.color,
                )
            )
        elif mode == Mode.REPLACE and (other := _difference(there[key], tag, cue.color)):
            changes.changed.append((there[key], other))
    if mode == Mode.REPLACE:
        kept_ids = {marker.pk for key, marker in there.items() if key in kept}
        changes.removed = [m for m in video.markers.all() if m.pk not in kept_ids]
    return changes


def _difference(marker: Marker, tag: Tag | None, color: str) -> dict[str, tuple[Any, Any]]:
    other: dict[str, tuple[Any, Any]] = {}
    if marker.tag_id != (tag and tag.pk):
        other["tag"] = (marker.tag_id, tag)
    if marker.color != color:
        other["color"] = (marker.color, color)
    return other


def _write(changes: _Changes) -> None:
    """In as many statements for many markers as for few."""
    entries: list[AuditEntry] = []
    Marker.objects.bulk_create(changes.added, batch_size=_BATCH)
    entries += [audit.entry(marker, AuditAction.CREATED, {}) for marker in changes.added]
    for marker, other in changes.changed:
        for name, (_old, new) in other.items():
            setattr(marker, name, new)
        marker.version, marker.updated_at = marker.version + 1, timezone.now()
        entries.append(audit.entry(marker, AuditAction.CHANGED, other))
    Marker.objects.bulk_update(
        [marker for marker, _ in changes.changed],
        ["tag", "color", "version", "updated_at"],
        batch_size=_BATCH,
    )
    for marker in changes.removed:
        columns = marker._meta.concrete_fields
        had = {column.name: (getattr(marker, column.attname), None) for column in columns}
        entries.append(audit.entry(marker, AuditAction.DELETED, had))
    Marker.objects.filter(pk__in=[marker.pk for marker in changes.removed]).delete()
    audit.record(entries)
