"""Which part of a library a scan looks at."""

import errno
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.disk.reader import Disk, Stat
from apps.disk.walk import FOLDER
from apps.library.models import File, Library
from apps.library.services.scan.roots import PathRefused, below, check_inside, outermost
from apps.library.services.storage import rules_of

# Looks for a file in each folder that passes the rest: joined, all files would be read.
_UNSEEN = """
    SELECT id, path FROM library_folder folder
    WHERE library_id = %s AND seen_at < %s AND path >= %s AND (%s::bytea IS NULL OR path < %s)
        AND (SELECT true FROM library_file file
             WHERE file.folder_id = folder.id AND file.missing_since IS NULL LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Paths below the root: ``deep`` are walked, of ``flat`` ones only the folder is looked at,
    ``gone`` ones are known, but no longer there.
    """

    deep: tuple[bytes, ...] = ()
    flat: tuple[bytes, ...] = ()
    gone: tuple[bytes, ...] = ()

    def starts(self) -> Iterator[tuple[bytes, bool]]:
        """Where to begin, and whether to stay there."""
        yield from ((path, False) for path in self.deep)
        yield from ((path, True) for path in self.flat)

    def unseen_folders(
        self, library: Library, unknown: Sequence[bytes], *, since: datetime
    ) -> list[int]:
        """Folders in the scope with present files that nobody has seen since; nothing below
        ``unknown`` ones.
        """
        tops, left_out = {*self.deep, *self.gone}, set(unknown)
        if not tops:
            return []
        upper = None if b"" in tops else max(top + b"0" for top in tops)  # "0" follows "/"
        with connection.chunked_cursor() as cursor:
            cursor.execute(_UNSEEN, [library.pk, since, min(tops), upper, upper])
            return [
                pk for pk, path in cursor
                if _within(bytes(path), tops) and not _within(bytes(path), left_out)
            ]  # fmt: skip


def find_scope(
    disk: Disk, library: Library, paths: Sequence[str], *, shallow: bool, strict: bool
) -> Scope:
    """What to look at for these paths: all of the library if there are none.

    A file stands for its folder. Unless ``strict`` what can't be looked at is left out, rather
    than PathRefused raised.
    """
    if not paths:
        return Scope(deep=(b"",))
    deep, flat, gone = set[bytes](), set[bytes](), set[bytes]()
    for given in paths:
        try:
            path, is_folder = _find(disk, library, below(given, root=library.root_bytes))
        except PathRefused:
            if strict:
                raise
            continue
        if is_folder:
            (flat if shallow else deep).add(path)
        else:
            gone.add(path)
            flat.add(_nearest(disk, library.root_bytes, path))
    walked = frozenset(outermost(sorted(deep)) if deep else [])
    return Scope(
        deep=tuple(sorted(walked)),
        flat=tuple(sorted(path for path in flat if not _within(path, walked))),
        gone=tuple(sorted(path for path in gone if not _within(path, walked))),
    )


def _find(disk: Disk, library: Library, path: bytes) -> tuple[bytes, bool]:
    """A folder to look at (that of a file), or a path that is gone. Raises PathRefused."""
    name = os.fsdecode(path)
    check_inside(disk, library.root_bytes, path)
    parts = path.split(b"/") if path else []
    rules = rules_of(library)
    if any(rules.skips_folder(b"/".join(parts[: n + 1])) for n in range(len(parts))):
        raise PathRefused(f"{name!r} is left out by the library's rules.")
    (seen,) = disk.stats([os.path.join(library.root_bytes, path)])
    if isinstance(seen, Stat):
        return (path, True) if seen.kind == FOLDER else (os.path.dirname(path), True)
    if seen not in {errno.ENOENT, errno.ENOTDIR}:
        raise PathRefused(f"{name!r} can't be looked at: {os.strerror(seen)}.")
    known = library.folders.within(path).exists() or File.objects.at(library, path).exists()
    if not known:
        raise PathRefused(f"There is no {name!r} in {library}, and nothing is known of one.")
    return path, False


def _nearest(disk: Disk, root: bytes, path: bytes) -> bytes:
    """The nearest folder above that is there."""
    while path:
        path = os.path.dirname(path)
        (seen,) = disk.stats([os.path.join(root, path)])
        if isinstance(seen, Stat) and seen.kind == FOLDER:
            break
    return path


def _within(path: bytes, tops: Collection[bytes]) -> bool:
    """Whether a path is one of the tops or lies below one. Costs a look for each step of it."""
    while path and path not in tops:
        path = path.rpartition(b"/")[0]
    return path in tops
