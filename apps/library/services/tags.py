"""Making and changing tags, whose graph never has a cycle."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.library.models import Tag

_GRAPH_LOCK = 0x7A65  # any number that nothing else locks


class TagCycle(MediaHubError):
    """A tag would include itself, directly or through others; nothing was changed."""

    code = "tag_cycle"
    field = "parents"


def create_tag(tag: Tag, *, parents: Iterable[Tag] = ()) -> Tag:
    """Save a new tag below ``parents``."""
    return audit.create(tag, related={"parents": list(parents)})


@transaction.atomic
def edit_tag(
    tag: Tag,
    values: Mapping[str, Any],
    *,
    parents: Iterable[Tag] | None = None,
    expected_version: int | None = None,
) -> Tag:
    """Change a tag's fields and, if given, all of its parents. Raises TagCycle, StaleEdit."""
    related = {}
    if parents is not None:
        related["parents"] = list(parents)
        check_parents(tag, related["parents"])
    return audit.update(tag, values, related=related, expected_version=expected_version)


def check_parents(tag: Tag, parents: Iterable[Tag]) -> None:
    """Whether a tag may be put below ``parents``. Raises TagCycle.

    Inside a transaction the answer holds until its end: other edits of the graph wait.
    """
    lock_graph()
    included = set(Tag.objects.descendants_of([tag.pk]))
    for parent in parents:
        if parent.pk == tag.pk:
            raise TagCycle(f"{tag} can't be put below itself.")
        if parent.pk in included:
            raise TagCycle(f"{tag} can't be put below {parent}, which it includes already.")


def lock_graph() -> None:
    """Let no other transaction change the graph until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_GRAPH_LOCK])
