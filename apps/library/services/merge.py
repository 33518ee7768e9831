"""Making one label of two: everything that hung on the one hangs on the other afterwards."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models import Count, Max

from apps.core import audit
from apps.core.errors import Conflict
from apps.core.models import AuditAction
from apps.library.models import Marker, Performer, Studio, Tag, Video
from apps.library.models.label import Named
from apps.library.services import studios, tags

Label = TypeVar("Label", bound=Named)
_MOST_ALIASES = 200
_EMPTY = (None, "")
_KEPT = {"id", "name", "parent", "video_count", "haystack", "version", "provenance"}


_carriers: list[Callable[[Named, Named], None]] = []
_before: list[Callable[[type[models.Model]], None]] = []


class MergeRefused(Conflict):
    """The two are one and the same; nothing was changed."""

    code = "merge_refused"
    field = "into"


def carry_along(
    carry: Callable[[Named, Named], None],
    *,
    before: Callable[[type[models.Model]], None] | None = None,
) -> None:
    """Let an app above move what it keeps of labels: called with the one that is merged and the
    one that it becomes, both locked, in the transaction in which the first is then deleted.

    ``before`` is called with the kind of label before anything is locked: for an app whose own
    locks come before labels, wherever else it takes both.
    """
    if carry not in _carriers:
        _carriers.append(carry)
    if before is not None and before not in _before:
        _before.append(before)


@transaction.atomic
def merge_all(sources: Iterable[Label], *, into: Label) -> Label:
    """Merge labels of one kind into another of it: all of them or, if one can't be, none.

    Raises MergeRefused, RowGone.
    """
    merged: Any = into
    for source in sources:
        merge: Any = _MERGES[type(source)]
        merged = merge(source, into=merged)
    return merged  # type: ignore[no-any-return]


def belongings(labels: Sequence[Named]) -> dict[int, list[tuple[str, int]]]:
    """What would move along with each of some labels of one kind: names of things and numbers.

    One query for each kind of thing.
    """
    found: dict[int, list[tuple[str, int]]] = {
        label.pk: [("videos", label.video_count)]  # type: ignore[attr-defined]
        for label in labels
    }
    if not labels:
        return found
    for name, related in _BELONGINGS[type(labels[0])].items():
        rows: Any = type(labels[0])._default_manager.filter(pk__in=found)
        for pk, number in rows.annotate(n=Count(related)).values_list("pk", "n"):
            found[pk].append((name, number))
    return found


@transaction.atomic
def merge_tags(source: Tag, *, into: Tag, expected_version: int | None = None) -> Tag:
    """Move videos, markers, parents and children of ``source`` to ``into``, then delete it.

    An arrow that would close a circle is left out. Raises MergeRefused, StaleEdit.
    """
    _begin(source, into)
    tags.lock_graph()
    _move_links("library_videotag", "tag_id", source, into)
    Marker.objects.filter(tag=source).update(tag=into)
    parents = [parent for parent in source.parents.all() if parent.pk != into.pk]
    children = [child for child in source.children.all() if child.pk != into.pk]
    source.parents.clear()
    source.children.clear()
    for parent in parents:
        _place(into, parent)
    for child in children:
        _place(child, into)
    return _finish(source, into, expected_version)


@transaction.atomic
def merge_performers(
    source: Performer, *, into: Performer, expected_version: int | None = None
) -> Performer:
    """Move videos and images of ``source`` to ``into``, then delete it.

    Raises MergeRefused, StaleEdit.
    """
    _begin(source, into)
    _move_links("library_videoperformer", "performer_id", source, into)
    last = into.images.aggregate(last=Max("position"))["last"] or 0
    for image in source.images.order_by("position", "pk"):
        last += 1
        source.images.filter(pk=image.pk).update(performer=into, position=last)
    return _finish(source, into, expected_version)


@transaction.atomic
def merge_studios(source: Studio, *, into: Studio, expected_version: int | None = None) -> Studio:
    """Move videos and smaller studios of ``source`` to ``into``, then delete it.

    Raises MergeRefused, StaleEdit.
    """
    _begin(source, into)
    studios.lock_trees()
    Video.objects.filter(studio=source).update(studio=into)
    if source.pk in Studio.objects.ancestors_of(into.pk):  # then it takes its place in the tree
        into = audit.update(into, {"parent": source.parent})
    Studio.objects.filter(parent=source).update(parent=into)
    return _finish(source, into, expected_version)


_MERGES: dict[type[Named], Any] = {
    Tag: merge_tags, Performer: merge_performers, Studio: merge_studios,
}  # fmt: skip
_BELONGINGS: dict[type[Named], dict[str, str]] = {
    Tag: {"markers": "markers", "tags below it": "children"},
    Performer: {"pictures": "images"},
    Studio: {"smaller studios": "children"},
}


def _begin(source: models.Model, into: models.Model) -> None:
    if source.pk == into.pk:
        raise MergeRefused(f"{source} can't be merged into itself.")
    for before in _before:
        before(type(source))
    locked = type(source)._default_manager.filter(pk__in=[source.pk, into.pk])
    list(locked.order_by("pk").select_for_update())


def _move_links(table: str, column: str, source: models.Model, into: models.Model) -> None:
    """By deleting and inserting, which the triggers that count and index watch."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE {column} = %s RETURNING video_id",  # noqa: S608
            [source.pk],
        )
        videos = [video_id for (video_id,) in cursor.fetchall()]
        cursor.execute(
            f"INSERT INTO {table} (video_id, {column}) SELECT unnest(%s::bigint[]), %s"
            " ON CONFLICT DO NOTHING",
            [videos, into.pk],
        )


def _place(child: Tag, parent: Tag) -> None:
    if parent.pk not in Tag.objects.descendants_of([child.pk]):
        child.parents.add(parent)


def _finish(source: Label, into: Label, expected_version: int | None) -> Label:
    """Give ``into`` what it lacks, and delete ``source``."""
    for carry in _carriers:
        carry(source, into)
    audit.record([audit.entry(source, AuditAction.CHANGED, {"merged_into": (None, into.pk)})])
    audit.delete(source, expected_version=expected_version)
    return audit.update(into, _gained(source, into))


def _gained(source: Named, into: Named) -> dict[str, Any]:
    values: dict[str, Any] = {
        "aliases": _union([*into.aliases, source.name, *source.aliases], but=into.name),
        "favorite": into.favorite or source.favorite,
    }
    if isinstance(source, Performer | Studio) and isinstance(into, Performer | Studio):
        values["urls"] = _union([*into.urls, *source.urls])
    for field in type(source)._meta.concrete_fields:
        given = getattr(source, field.attname)
        if (
            field.name not in _KEPT
            and getattr(into, field.attname) in _EMPTY
            and given not in _EMPTY
        ):
            values[field.name] = given
    return values


def _union(names: Iterable[str], *, but: str = "") -> list[str]:
    """In order, each once, whatever its case."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.lower(), name)
    found.pop(but.lower(), None)
    return list(found.values())[:_MOST_ALIASES]
