"""Which part of a library a scan looks at."""

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.disk.reader import Disk, Stat
from apps.disk.walk import FOLDER
from apps.library.models import File, Folder, Library
from apps.library.services.scan.roots import PathRefused, below, check_inside, outermost
from apps.library.services.storage import rules_of


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
        """Folders in the scope that nobody has seen since; nothing below ``unknown`` ones."""
        unseen = Folder.objects.filter(library=library, seen_at__lt=since)
        inside = Folder.objects.none()
        for path in (*self.deep, *self.gone):
            inside |= unseen.within(path)
        for path in unknown:
            inside = inside.exclude(pk__in=unseen.within(path))
        return list(inside.values_list("pk", flat=True))


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
    walked = outermost(sorted(deep)) if deep else []
    return Scope(
        deep=tuple(walked),
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


def _within(path: bytes, walked: Sequence[bytes]) -> bool:
    return any(not top or path == top or path.startswith(top + b"/") for top in walked)
