"""Making and changing studios, which form trees."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.library.models import Studio

_TREE_LOCK = 0x7A66  # any number that nothing else locks


class StudioCycle(MediaHubError):
    """A studio would belong to itself, directly or through others; nothing was changed."""

    code = "studio_cycle"
    field = "parent"


@transaction.atomic
def edit_studio(
    studio: Studio, values: Mapping[str, Any], *, expected_version: int | None = None
) -> Studio:
    """Change a studio's fields. Raises StudioCycle, StaleEdit."""
    if parent := values.get("parent"):
        check_parent(studio, parent)
    return audit.update(studio, values, expected_version=expected_version)


def check_parent(studio: Studio, parent: Studio) -> None:
    """Whether a studio may belong to ``parent``. Raises StudioCycle.

    Inside a transaction the answer holds until its end: other edits of the trees wait.
    """
    lock_trees()
    if parent.pk == studio.pk:
        raise StudioCycle(f"{studio} can't belong to itself.")
    if studio.pk in Studio.objects.ancestors_of(parent.pk):
        raise StudioCycle(f"{studio} can't belong to {parent}, which belongs to it already.")


def lock_trees() -> None:
    """Let no other transaction change the trees until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE_LOCK])
