"""Giving performers here what a box says of them, but for what a person gave or has locked."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.library.models import Performer
from apps.stashbox.models import StashBox
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.newcomers import newcomer
from apps.stashbox.services.provenance import is_persons, mark_of

_LISTS = ("aliases", "urls")
_SINGLE = (
    "gender", "birth_date", "death_date", "country", "ethnicity", "eye_color", "hair_color",
    "height_cm", "measurements", "tattoos", "piercings", "career_start", "career_end",
)  # fmt: skip
_MOST_LISTED = 200


def foresee(performer: Performer, box: StashBox, remote: RemotePerformer) -> dict[str, Any]:
    """The fields that ``fill`` would give another value, with that; nothing is written.

    Lists get what is new. Other fields are filled where they are empty, and follow the box where
    the box gave what they have. Name and disambiguation stay: by them people know the performer.
    """
    said = newcomer(remote)
    assert isinstance(said, Performer)
    open_fields = [
        name
        for name in (*_LISTS, *_SINGLE)
        if name not in performer.locked_fields and not is_persons(performer.provenance.get(name))
    ]
    wanted = {name: _wanted(performer, box, said, name) for name in open_fields}
    return {name: value for name, value in wanted.items() if value != getattr(performer, name)}


@transaction.atomic
def fill(box: StashBox, remotes: Mapping[int, RemotePerformer]) -> list[AuditEntry]:
    """Give performers, by their ids, what a box says of them; an entry for each that changed, of
    which each can be undone. A constant number of statements."""
    rows = Performer.objects.select_for_update(no_key=True).filter(pk__in=remotes).order_by("pk")
    now, changed, entries, columns = timezone.now(), [], [], set[str]()
    mark = mark_of(box.pk, "", now=now)
    for row in rows:
        values = foresee(row, box, remotes[row.pk])
        if not values:
            continue
        changes = {name: (getattr(row, name), value) for name, value in values.items()}
        marks = {**row.provenance, **dict.fromkeys(values, mark)}
        changes["provenance"] = audit.marks_of(row.provenance, marks, sorted(values))
        for name, value in values.items():
            setattr(row, name, value)
        row.provenance, row.version, row.updated_at = marks, row.version + 1, now
        changed.append(row)
        columns |= values.keys()
        entries.append(audit.entry(row, AuditAction.CHANGED, changes))
    if changed:
        kept = ["provenance", "version", "updated_at"]
        Performer.objects.bulk_update(changed, [*sorted(columns), *kept])
        audit.record(entries)
    return entries


def _wanted(performer: Performer, box: StashBox, said: Performer, name: str) -> Any:
    old, new = getattr(performer, name), getattr(said, name)
    if name in _LISTS:
        return _joined(performer, said, name)
    mark = performer.provenance.get(name)
    is_ours = isinstance(mark, dict) and mark.get("source") == "stashbox"
    follows = is_ours and mark.get("box") == box.pk
    return new if new and (not old or follows) else old


def _joined(performer: Performer, said: Performer, name: str) -> list[str]:
    """What is there, and what is new whatever its case. Another name there is an alias here."""
    old = list(getattr(performer, name))
    more = list(getattr(said, name))
    known = {one.casefold() for one in old}
    if name == "aliases":
        more = [said.name, *more]
        known.add(performer.name.casefold())
    for one in more:
        if one.casefold() not in known and len(old) < _MOST_LISTED:
            known.add(one.casefold())
            old.append(one)
    return old
