"""Adding libraries, and finding where a path belongs."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import (
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.disk.rules import Rules
from apps.library.models import Library, Scan
from apps.library.services.scan.roots import RootOffline, check_root, nested
from apps.library.services.storage import open_disk

_PATIENCE_S = 5.0  # a person waits


class LibraryRefused(MediaHubError):
    """The library can't be as it was given; nothing was saved. ``field`` names what is wrong."""

    code = "library_refused"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


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


def check_library(library: Library) -> None:
    """Whether root and patterns of a new or edited library can be used. Raises LibraryRefused."""
    root = Path(library.root)
    if not root.is_absolute():
        raise LibraryRefused("root", f"{root} is not an absolute path: it must begin with a slash.")
    try:
        with open_disk(timeout_s=_PATIENCE_S) as disk:
            check_root(disk, library.root_bytes, expect_files=False)
    except RootOffline as error:
        raise LibraryRefused("root", str(error)) from error
    for other in Library.objects.exclude(pk=library.pk):
        if nested(root.resolve(), Path(other.root).resolve()):
            message = f"{root} overlaps with the library {other.name} at {other.root}."
            raise LibraryRefused("root", message)
    _check_patterns("include", library)
    _check_patterns("exclude", library)


def due_for_scan(*, now: datetime) -> QuerySet[Library]:
    """Libraries that should be scanned by themselves now: no scan of all of one, whatever came
    of it, began within its interval.
    """
    minutes = ExpressionWrapper(
        F("scan_every_minutes") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    last = Scan.objects.filter(library=OuterRef("pk"), paths=[]).order_by("-pk")
    return (
        Library.objects.filter(scan_every_minutes__isnull=False)
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


def _check_patterns(field: str, library: Library) -> None:
    try:
        Rules.of(extensions=[], include=library.include, exclude=library.exclude)
    except ValueError as error:
        raise LibraryRefused(field, f"A pattern can't be read: {error}") from error


def _free_name(name: str) -> str:
    taken = set(Library.objects.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(n for n in numbered if n not in taken)
