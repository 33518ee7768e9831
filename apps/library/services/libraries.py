"""Adding libraries, and finding where a path belongs."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import (
    Case,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    PositiveIntegerField,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.library.choices import BLIND
from apps.library.models import Library, Scan
from apps.library.services.library_checks import check_library


class NoSuchLibrary(MediaHubError):
    """No library has this name or id."""

    code = "no_such_library"


def add_library(root: Path, *, name: str = "") -> Library:
    """Register a folder as a library; one that is registered already is returned as it is.

    Raises LibraryRefused.
    """
    root = Path(os.path.abspath(root.expanduser()))
    if known := Library.objects.filter(root=str(root)).first():
        return known
    library = Library(root=str(root), name=_free_name(name or root.name or "Library"))
    check_library(library)
    return audit.create(library)


def due_for_scan(*, now: datetime) -> QuerySet[Library]:
    """Libraries that should be scanned by themselves now: no scan of all of one, whatever came
    of it, began within its interval. One that should be watched but can't has an interval, too.
    """
    blind = Case(
        When(watch=True, watch_state__in=BLIND, then=Value(settings.MEDIAHUB_SHARE_SCAN_MINUTES)),
        output_field=PositiveIntegerField(),
    )
    minutes = ExpressionWrapper(
        F("every") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    last = Scan.objects.filter(library=OuterRef("pk"), paths=[]).order_by("-pk")
    return (
        Library.objects.annotate(every=Coalesce("scan_every_minutes", blind))
        .filter(every__isnull=False)
        .annotate(tried_at=Subquery(last.values("started_at")[:1]))
        .filter(Q(tried_at=None) | Q(tried_at__lt=now - minutes))
    )


def find_library(path: bytes) -> tuple[Library, bytes] | None:
    """The library that a path lies in, by its root or a further prefix, and the path below it."""
    roots: list[tuple[bytes, Library]] = []
    for library in Library.objects.prefetch_related("prefixes"):
        names: Sequence[str] = [library.root, *(p.prefix for p in library.prefixes.all())]
        roots += [(os.fsencode(name).rstrip(b"/"), library) for name in names]
    for root, library in sorted(roots, key=lambda pair: len(pair[0]), reverse=True):
        if path.startswith(root + b"/"):
            return library, path[len(root) + 1 :]
    return None


def libraries_named(wanted: str | None) -> list[Library]:
    """The library of this name or id; all of them for None. Raises NoSuchLibrary."""
    libraries = Library.objects.order_by("pk")
    if wanted is None:
        return list(libraries)
    by_id = Q(pk=int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else Q(pk=None)
    found = list(libraries.filter(Q(name=wanted) | by_id)[:1])
    if not found:
        raise NoSuchLibrary(f"There is no library {wanted!r}.")
    return found


def _free_name(name: str) -> str:
    taken = set(Library.objects.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(n for n in numbered if n not in taken)
