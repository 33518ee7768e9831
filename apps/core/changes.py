"""Old and new values in words: names in place of ids, in a number of queries that doesn't grow."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from apps.core.models import AuditAction, AuditEntry

_MOST_NAMED = 10
_Key = tuple[type[models.Model], int]


@dataclass(frozen=True, slots=True)
class Change:
    """A field's value before and after, as it is stored in the audit."""

    object_type: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Told:
    """A change in words. Of a set ``old`` is what was taken from it and ``new`` what was added."""

    field: str
    label: str
    old: str
    new: str
    is_set: bool = False


def changes_of(entry: AuditEntry) -> list[Change]:
    """Of a change of many rows, asked for one of them, what happened to that."""
    return changes_in(entry.object_type, said_of(entry))


def said_of(entry: AuditEntry) -> dict[str, Any]:
    """The changes as they are stored, of the one row that was asked for if it was one of many."""
    own: dict[str, Any] | None = getattr(entry, "own_changes", None)
    said = dict(entry.changes) if own is None else own
    if own is None and entry.action != AuditAction.CHANGED:
        return said
    return {field: pair for field, pair in said.items() if field != "provenance"}


def changes_in(object_type: str, stored: Mapping[str, Any]) -> list[Change]:
    return [
        Change(object_type, field, *pair)
        for field, pair in stored.items()
        if isinstance(pair, list) and len(pair) == 2
    ]


def tell(changes: Sequence[Change]) -> list[Told]:
    """All in words: a query for each model that they refer to, and one for what is gone of it."""
    names = _names(key for change in changes for key in _referred(change))
    return [_tell(change, names) for change in changes]


def name_rows(model: type[models.Model], ids: Iterable[int]) -> list[str]:
    """What rows are called, or were last, in the order of their ids."""
    keys = [(model, pk) for pk in sorted(ids)[:_MOST_NAMED]]
    names = _names(keys)
    return [names.get(key, f"#{key[1]}") for key in keys]


def model_of(object_type: str) -> type[models.Model] | None:
    """The model of an entry; a plug-in that is gone took its own along."""
    try:
        return apps.get_model(object_type)
    except (LookupError, ValueError):
        return None


def column_of(object_type: str, name: str) -> Any:
    """The model's own field of that name, many-to-many ones included, or nothing."""
    model = model_of(object_type)
    if model is None:
        return None
    return next(
        (f for f in (*model._meta.fields, *model._meta.many_to_many) if f.name == name), None
    )


def present(objects: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which objects are still there, by type and id: a query for each type."""
    ids: dict[str, set[int]] = defaultdict(set)
    for object_type, pk in objects:
        ids[object_type].add(pk)
    return {
        (object_type, pk)
        for object_type, wanted in ids.items()
        if (model := model_of(object_type)) is not None
        for pk in model._default_manager.filter(pk__in=wanted).values_list("pk", flat=True)
    }


def _referred(change: Change) -> Iterator[_Key]:
    field = column_of(change.object_type, change.field)
    if field is None or not field.is_relation:
        return
    for ids in _gone_and_new(change) if field.many_to_many else [[change.old, change.new]]:
        for pk in ids[:_MOST_NAMED]:
            if isinstance(pk, int):
                yield field.related_model, pk


def _gone_and_new(change: Change) -> tuple[list[Any], list[Any]]:
    old, new = (value if isinstance(value, list) else [] for value in (change.old, change.new))
    return [pk for pk in old if pk not in new], [pk for pk in new if pk not in old]


def _names(keys: Iterable[_Key]) -> dict[_Key, str]:
    wanted: dict[type[models.Model], set[int]] = defaultdict(set)
    for model, pk in keys:
        wanted[model].add(pk)
    names: dict[_Key, str] = {}
    for model, ids in wanted.items():
        names |= {(model, row.pk): str(row) for row in model._default_manager.filter(pk__in=ids)}
    gone = {model: {pk for pk in ids if (model, pk) not in names} for model, ids in wanted.items()}
    return names | _last_names({model: ids for model, ids in gone.items() if ids})


def _last_names(gone: dict[type[models.Model], set[int]]) -> dict[_Key, str]:
    """What rows were called that aren't there any more."""
    if not gone:
        return {}
    by_label = {model._meta.label_lower: model for model in gone}
    which = Q()
    for label, model in by_label.items():
        which |= Q(object_type=label, object_id__in=gone[model])
    found = AuditEntry.objects.filter(which, action=AuditAction.DELETED)
    rows = found.values_list("object_type", "object_id", "object_name")
    return {(by_label[label], pk): f"{name} (deleted)" for label, pk, name in rows}


def _tell(change: Change, names: dict[_Key, str]) -> Told:
    field = column_of(change.object_type, change.field)
    label = str(getattr(field, "verbose_name", change.field)).replace("_", " ")
    if field is not None and field.many_to_many:
        gone, new = (_list_names(ids, field.related_model, names) for ids in _gone_and_new(change))
        return Told(change.field, label, gone, new, is_set=True)
    if field is not None and field.is_relation:
        old, new = (_name(pk, field.related_model, names) for pk in (change.old, change.new))
        return Told(change.field, label, old, new)
    return Told(change.field, label, _words(field, change.old), _words(field, change.new))


def _list_names(ids: list[Any], model: Any, names: dict[_Key, str]) -> str:
    more = len(ids) - _MOST_NAMED
    named = ", ".join(_name(pk, model, names) for pk in ids[:_MOST_NAMED])
    return f"{named} and {more:,} more" if more > 0 else named


def _name(pk: Any, model: Any, names: dict[_Key, str]) -> str:
    return "" if pk is None else names.get((model, pk), f"#{pk}")


def _words(field: Any, value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))
