"""Making the labels and people that aren't known yet, each once whoever asks at the same time."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction
from apps.library.models import Performer, Studio
from apps.stashbox.choices import Kind, Source
from apps.stashbox.models import IdentifySettings, RemoteLink
from apps.stashbox.schema import RemotePerformer, RemoteStudio
from apps.stashbox.services.linking.find import find
from apps.stashbox.services.linking.labels import (
    MODELS,
    Key,
    Labels,
    Remote,
    Wanted,
    full_name,
    key_of,
)
from apps.stashbox.services.linking.names import namesakes
from apps.stashbox.services.merged import move_links
from apps.stashbox.services.newcomers import newcomer
from apps.stashbox.services.provenance import mark_of

_MAKING_LOCK = 0x7A67  # any number that nothing else locks


@transaction.atomic
def find_or_make(wanted: Wanted, settings: IdentifySettings) -> Labels:
    """What the things are here, made where the settings say so, and linked to their remote ids.

    Those who make labels wait for each other until their transactions end.
    """
    for kind, moves in wanted.moves.items():
        move_links(kind, sorted(moves))
    labels = find(wanted, settings)
    if any(label.makes for label in labels.values()):
        lock_making()
        labels = find(wanted, settings)  # as others have left it
        missing = {k: wanted.remotes[k] for k, label in labels.items() if label.makes}
        made = _make(missing, wanted.sources)
        labels = find(wanted, settings)
        _set_parents({row.pk: row for row in made if isinstance(row, Studio)}, wanted, labels)
    _remember(labels)
    return labels


def lock_making() -> None:
    """Let nobody else make labels of boxes until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING_LOCK])


@transaction.atomic
def make_performer(
    box_id: int | None, remote: RemotePerformer, *, disambiguation: str
) -> Performer:
    """A new performer with all that a box says of them, in the name of whoever acts now.

    Raises IntegrityError if the name, with what tells it apart, is taken.
    """
    row = newcomer(replace(remote, disambiguation=disambiguation))
    assert isinstance(row, Performer)
    row.provenance = _marks(row, mark_of(box_id, Source.PERSON))
    row.save(force_insert=True)
    audit.record([audit.entry(row, AuditAction.CREATED, {})])
    return row


def _make(remotes: Mapping[Key, Remote], sources: Mapping[Key, str]) -> list[Any]:
    """Insert what is missing; a name that a person takes at the same time is theirs."""
    now, made = timezone.now(), []
    for kind, model in MODELS.items():
        rows: dict[str, Any] = {}
        for key in sorted(key for key in remotes if key.kind == kind):
            row = newcomer(remotes[key])
            row.provenance = _marks(row, mark_of(key.box_id or None, sources[key], now=now))
            rows.setdefault(full_name(remotes[key]), row)
        if rows:
            new = [rows[name] for name in sorted(rows)]
            model._default_manager.bulk_create(new, ignore_conflicts=True)
            made += _write_down(kind, new)
    return made


def _write_down(kind: Kind, rows: list[Any]) -> list[Any]:
    """Those that were made, in the audit, too: what somebody else made has another provenance."""
    found = namesakes(kind, [row.name for row in rows])
    made = []
    for row in rows:
        apart = getattr(row, "disambiguation", "")
        for same in found.get(row.name, []):
            if same.by_name and same.apart == apart and same.provenance == row.provenance:
                row.pk = same.pk
                made.append(row)
    audit.record([audit.entry(row, AuditAction.CREATED, {}) for row in made])
    return made


def _set_parents(made: Mapping[int, Studio], wanted: Wanted, labels: Labels) -> None:
    """Of studios that were just made: none can belong to them yet but each other."""
    parents: dict[int, int] = {}
    for key, remote in wanted.of(Kind.STUDIO).items():
        pk = labels[key].pk
        if pk is None or pk not in made or pk in parents or not isinstance(remote, RemoteStudio):
            continue
        parent = remote.parent and labels[key_of(key.box_id, remote.parent)].pk
        if parent and not _leads_to(parent, pk, parents):
            parents[pk] = parent
    changed = [made[pk] for pk in sorted(parents)]
    for studio in changed:
        studio.parent_id = parents[studio.pk]
        studio.provenance = {**studio.provenance, "parent": studio.provenance["name"]}
    if changed:
        Studio.objects.bulk_update(changed, ["parent", "provenance"])


def _leads_to(parent: int, pk: int, parents: Mapping[int, int]) -> bool:
    """Whether a studio is the other one, or belongs to it."""
    while parent != pk:
        if parent not in parents:
            return False
        parent = parents[parent]
    return True


def _remember(labels: Labels) -> None:
    """Link what was found by name to its remote id; one statement."""
    RemoteLink.objects.bulk_create(
        [
            RemoteLink(
                box_id=key.box_id, kind=key.kind, remote_id=key.remote_id,
                **{f"{key.kind.value}_id": label.pk},
            )
            for key, label in sorted(labels.items())
            if key.box_id and label.pk
        ],
        ignore_conflicts=True,
    )  # fmt: skip


_KNOWN = {
    "name", "aliases", "details", "urls", "disambiguation", "gender", "birth_date", "death_date",
    "country", "ethnicity", "eye_color", "hair_color", "height_cm", "measurements", "tattoos",
    "piercings", "career_start", "career_end",
}  # fmt: skip


def _marks(row: Any, mark: dict[str, Any]) -> dict[str, Any]:
    fields = [field for field in row._meta.concrete_fields if field.name in _KNOWN]
    return {field.name: mark for field in fields if getattr(row, field.attname)}
